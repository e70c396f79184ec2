//! Local response normalisation.

use tachy_graph::op::normalization::LocalResponseNormalization;
use tachy_graph::{TensorView, TensorViewMut};

use crate::kernel::{FnKernel, Operands, Prepared};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare(
    op: &LocalResponseNormalization,
    operands: Operands<'_>,
) -> Prepared {
    let op = *op;
    in_real!(operands, |operands: T| {
        let shape = &operands.input(0).shape;
        let (channels, size) = (shape[1], shape[2..].iter().product::<usize>());
        let (alpha, beta) = (T::of(f64::from(op.alpha) / op.size as f64), T::of(op.beta.into()));
        let bias = T::of(op.bias.into());
        let (before, after) = ((op.size - 1) / 2, op.size / 2);
        Ok(Box::new(FnKernel(
            move |workers: &Workers,
                  inputs: &[Option<TensorView<'_>>],
                  outputs: &mut [TensorViewMut<'_>]| {
                let x = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
                let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
                workers.for_each_chunk(y, size, |index, y| {
                    let (batch, channel) = (index / channels, index % channels);
                    let first = channel.saturating_sub(before);
                    let last = channel.saturating_add(after).min(channels - 1);
                    y.fill(T::default());
                    for neighbour in first..=last {
                        let x = &x[(batch * channels + neighbour) * size..][..size];
                        for (y, x) in y.iter_mut().zip(x) {
                            *y += *x * *x;
                        }
                    }
                    for (y, x) in y.iter_mut().zip(&x[index * size..]) {
                        *y = *x / (bias + alpha * *y).powf(beta);
                    }
                });
                Ok(())
            },
        )))
    })
}
