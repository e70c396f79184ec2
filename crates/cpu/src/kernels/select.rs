//! `Where` and `Clip`: elements that are chosen, not computed.

use bytemuck::Pod;
use tachy_graph::Element;

use super::broadcast::Broadcast;
use super::number::for_number;
use super::views::{bits, bits_by_pieces, by_pieces, bytes, elements};
use crate::kernel::{Kernel, Operands, Prepared, Unsupported};

/// `Where`. Choosing needs no more of a type than its size.
pub(super) fn prepare_where(operands: Operands<'_>) -> Prepared {
    let shapes = [0, 1, 2].map(|index| &operands.input(index).shape[..]);
    let plan = Broadcast::new(shapes, &operands.outputs[0].shape);
    Ok(match operands.outputs[0].dtype.size() {
        1 => choose::<u8>(plan),
        2 => choose::<u16>(plan),
        4 => choose::<u32>(plan),
        _ => choose::<u64>(plan),
    })
}

fn choose<T: Pod + Send + Sync>(plan: Broadcast<3>) -> Box<dyn Kernel> {
    bits_by_pieces(move |inputs, start, output: &mut [T]| {
        let (condition, x, y) = (bytes(inputs, 0), bits::<T>(inputs, 1), bits::<T>(inputs, 2));
        let [by_condition, by_x, by_y] = plan.row_strides();
        plan.for_each_row(start, output.len(), &mut |done, count, [at_condition, at_x, at_y]| {
            for (offset, output) in output[done..][..count].iter_mut().enumerate() {
                *output = match condition[at_condition + offset * by_condition] {
                    0 => y[at_y + offset * by_y],
                    _ => x[at_x + offset * by_x],
                };
            }
        });
    })
}

/// `Clip`. NaN stays NaN; if the limits cross, the upper one wins.
pub(super) fn prepare_clip(operands: Operands<'_>) -> Prepared {
    let (low, high) = (operands.get(1).is_some(), operands.get(2).is_some());
    let dtype = operands.input(0).dtype;
    for_number!(dtype, T => Ok(clip::<T>(low, high)), _ => {
        Err(Unsupported(format!("there is no kernel for Clip on {dtype}")))
    })
}

fn clip<T: Element + PartialOrd>(low: bool, high: bool) -> Box<dyn Kernel> {
    by_pieces(move |inputs, start, output: &mut [T]| {
        let input = &elements::<T>(inputs, 0)[start..][..output.len()];
        output.copy_from_slice(input);
        if low {
            let low = elements::<T>(inputs, 1)[0];
            output.iter_mut().filter(|x| **x < low).for_each(|x| *x = low);
        }
        if high {
            let high = elements::<T>(inputs, 2)[0];
            output.iter_mut().filter(|x| **x > high).for_each(|x| *x = high);
        }
    })
}
