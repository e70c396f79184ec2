//! Element-wise operators with any number of inputs that are broadcast together.

use num_traits::{One, Zero};
use tachy_graph::op::elementwise::Variadic;

use super::broadcast::Broadcast;
use super::number::{Float, Integer, for_float, for_integer};
use super::views::{by_pieces, elements};
use crate::kernel::{Kernel, Operands, Prepared, Unsupported};
use crate::real::Real;

/// Elements that are combined at a time, in the wider type that they are computed in.
const BLOCK: usize = 128;

pub(super) fn prepare(op: Variadic, operands: Operands<'_>) -> Prepared {
    let output = &operands.outputs[0].shape;
    let plans = operands
        .inputs
        .iter()
        .map(|input| input.map(|input| Broadcast::new([&input.ty.shape[..]], output)))
        .collect();
    let dtype = operands.input(0).dtype;
    let kernel = for_float!(dtype, T => Some(float::<T>(op, plans)), _ => {
        for_integer!(dtype, T => integer::<T>(op, plans), _ => None)
    });
    kernel.ok_or_else(|| Unsupported(format!("there is no kernel for {op:?} on {dtype}")))
}

fn float<T: Float>(op: Variadic, plans: Plans) -> Box<dyn Kernel> {
    let one = T::Real::one();
    let count = plans.iter().flatten().fold(T::Real::zero(), |count, _| count + one);
    match op {
        Variadic::Sum => combine(plans, T::real, |a, b| a + b, T::nearest),
        Variadic::Mean => combine(plans, T::real, |a, b| a + b, move |sum| T::nearest(sum / count)),
        Variadic::Min => {
            combine(plans, T::real, |a, b| if keeps(a, b, a < b) { a } else { b }, T::nearest)
        }
        Variadic::Max => {
            combine(plans, T::real, |a, b| if keeps(a, b, a > b) { a } else { b }, T::nearest)
        }
    }
}

/// Whether `a` is the result: it is if it wins and `b` is not NaN, or if it is NaN itself.
fn keeps<R: Real>(a: R, b: R, wins: bool) -> bool {
    a.is_nan() || (wins && !b.is_nan())
}

fn integer<T: Integer>(op: Variadic, plans: Plans) -> Option<Box<dyn Kernel>> {
    Some(match op {
        Variadic::Min => combine(plans, |x: T| x, Ord::min, |x| x),
        Variadic::Max => combine(plans, |x: T| x, Ord::max, |x| x),
        Variadic::Sum | Variadic::Mean => return None,
    })
}

/// How each input is read; one that is left out is `None`.
type Plans = Vec<Option<Broadcast<1>>>;

/// The kernel that joins the elements at each place, one input after the other, in a wider type.
fn combine<T: tachy_graph::Element, W: Copy + Zero + Send + Sync + 'static>(
    plans: Plans,
    widen: impl Fn(T) -> W + Copy + Send + Sync + 'static,
    join: impl Fn(W, W) -> W + Copy + Send + Sync + 'static,
    narrow: impl Fn(W) -> T + Copy + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    by_pieces(move |inputs, start, output: &mut [T]| {
        for (index, block) in output.chunks_mut(BLOCK).enumerate() {
            let mut joined = [W::zero(); BLOCK];
            let mut first = true;
            let given =
                plans.iter().enumerate().filter_map(|(at, plan)| Some((at, plan.as_ref()?)));
            for (at, plan) in given {
                let input = elements::<T>(inputs, at);
                let stride = plan.row_strides()[0];
                plan.for_each_row(
                    start + index * BLOCK,
                    block.len(),
                    &mut |done, count, [place]| {
                        for (offset, joined) in joined[done..][..count].iter_mut().enumerate() {
                            let value = widen(input[place + offset * stride]);
                            *joined = if first { value } else { join(*joined, value) };
                        }
                    },
                );
                first = false;
            }
            for (output, joined) in block.iter_mut().zip(joined) {
                *output = narrow(joined);
            }
        }
    })
}
