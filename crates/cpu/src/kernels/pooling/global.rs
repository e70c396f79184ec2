//! One number for each channel's whole image.

use num_traits::Float;
use tachy_graph::op::pooling::GlobalPool;
use tachy_graph::{TensorView, TensorViewMut};

use super::sum::{power, root};
use crate::kernel::{FnKernel, Kernel, Operands, Prepared};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare(op: GlobalPool, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| {
        let size: usize = operands.input(0).shape[2..].iter().product();
        Ok(match op {
            GlobalPool::Average => each_channel(size, |x: &[T]| {
                T::of(x.iter().map(|x| x.widen()).sum::<f64>() / x.len() as f64)
            }),
            GlobalPool::Max => each_channel(size, |x: &[T]| {
                x.iter().copied().fold(<T as Float>::neg_infinity(), |best, x| {
                    if x > best || x.is_nan() { x } else { best }
                })
            }),
            GlobalPool::Lp { p } => each_channel(size, move |x: &[T]| {
                T::of(root(x.iter().map(|x| power(x.widen(), p)).sum::<f64>(), p))
            }),
        })
    })
}

/// The kernel that applies a function to each channel's image.
fn each_channel<T: Real>(
    size: usize,
    function: impl Fn(&[T]) -> T + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            let x = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
            let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
            let length = workers.chunk_length(y.len(), 1);
            workers.for_each_chunk(y, length, |chunk, y| {
                for (index, y) in y.iter_mut().enumerate() {
                    *y = function(&x[(chunk * length + index) * size..][..size]);
                }
            });
            Ok(())
        },
    ))
}
