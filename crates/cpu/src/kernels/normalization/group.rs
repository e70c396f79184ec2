//! Group normalisation; instance normalisation is one with a group for each channel.

use tachy_graph::op::normalization::{GroupNormalization, InstanceNormalization};
use tachy_graph::{TensorView, TensorViewMut};

use super::mean_and_variance;
use crate::kernel::{FnKernel, Operands, Prepared};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare_instance(
    op: &InstanceNormalization,
    operands: Operands<'_>,
) -> Prepared {
    let groups = operands.input(0).shape[1];
    prepare(&GroupNormalization { epsilon: op.epsilon, groups }, operands)
}

pub(in crate::kernels) fn prepare(op: &GroupNormalization, operands: Operands<'_>) -> Prepared {
    let op = *op;
    in_real!(operands, |operands: T| {
        let shape = &operands.input(0).shape;
        let size: usize = shape[2..].iter().product();
        let channels = shape[1] / op.groups.max(1);
        Ok(Box::new(FnKernel(
            move |workers: &Workers,
                  inputs: &[Option<TensorView<'_>>],
                  outputs: &mut [TensorViewMut<'_>]| {
                let slice = |index: usize| {
                    inputs[index].expect("required").as_slice::<T>().expect("prepared for T")
                };
                let (x, scale, bias) = (slice(0), slice(1), slice(2));
                let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
                workers.for_each_chunk(y, channels * size, |index, y| {
                    let first = index % op.groups * channels;
                    let x = &x[index * channels * size..][..y.len()];
                    let (mean, variance) = mean_and_variance(x.iter().map(|x| x.widen()));
                    let deviation = (variance + f64::from(op.epsilon)).sqrt();
                    let (mean, inverse) = (T::of(mean), T::of(deviation.recip()));
                    let images = y.chunks_exact_mut(size).zip(x.chunks_exact(size));
                    for (channel, (y, x)) in images.enumerate() {
                        let factor = scale[first + channel] * inverse;
                        let bias = bias[first + channel];
                        for (y, x) in y.iter_mut().zip(x) {
                            *y = (*x - mean) * factor + bias;
                        }
                    }
                });
                Ok(())
            },
        )))
    })
}
