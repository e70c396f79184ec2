//! Rotary position embedding.

use tachy_graph::op::attention::RotaryEmbedding;
use tachy_graph::{TensorView, TensorViewMut};

use crate::kernel::{DataError, FnKernel, Operands, Prepared};
use crate::promote::in_real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare(op: RotaryEmbedding, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| {
        let shape = &operands.input(0).shape;
        let (heads, steps, size) = (shape[1], shape[2], shape[3]);
        let half = op.size / 2;
        let rows = operands.input(1).shape[0];
        Ok(Box::new(FnKernel(
            move |workers: &Workers,
                  inputs: &[Option<TensorView<'_>>],
                  outputs: &mut [TensorViewMut<'_>]| {
                let slice = |index: usize| {
                    inputs[index].expect("required").as_slice::<T>().expect("prepared for T")
                };
                let (x, cosines, sines) = (slice(0), slice(1), slice(2));
                let positions = inputs.get(3).copied().flatten();
                let positions = positions.map(|p| p.as_slice::<i64>().expect("the type says i64"));
                let outside = |position: &&i64| {
                    !usize::try_from(**position).is_ok_and(|position| position < rows)
                };
                if let Some(position) = positions.and_then(|p| p.iter().find(outside)) {
                    return Err(DataError(format!(
                        "position {position} is outside of a table of {rows}"
                    )));
                }
                let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
                workers.for_each_chunk(y, size, |row, y| {
                    let step = row / steps / heads * steps + row % steps;
                    let angle = positions.map_or(step, |positions| positions[step] as usize);
                    let (cosines, sines) = (&cosines[angle * half..], &sines[angle * half..]);
                    let x = &x[row * size..][..size];
                    y.copy_from_slice(x);
                    for pair in 0..half {
                        let (first, second) = match op.interleaved {
                            true => (2 * pair, 2 * pair + 1),
                            false => (pair, pair + half),
                        };
                        let (cosine, sine) = (cosines[pair], sines[pair]);
                        y[first] = cosine * x[first] - sine * x[second];
                        y[second] = sine * x[first] + cosine * x[second];
                    }
                });
                Ok(())
            },
        )))
    })
}
