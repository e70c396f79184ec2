//! Elements back at the places that `MaxPool` took them from.

use tachy_graph::op::pooling::MaxUnpool;
use tachy_graph::shape::contiguous_strides;
use tachy_graph::{TensorView, TensorViewMut};

use crate::kernel::{DataError, FnKernel, Operands, Prepared};
use crate::promote::in_real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare(op: &MaxUnpool, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |_operands: T| {
        let op = op.clone();
        let strides = contiguous_strides(&op.output);
        let count: usize = op.indexed.iter().product();
        Ok(Box::new(FnKernel(
            move |_: &Workers,
                  inputs: &[Option<TensorView<'_>>],
                  outputs: &mut [TensorViewMut<'_>]| {
                let x = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
                let indices = inputs[1].expect("required");
                let indices = indices.as_slice::<i64>().expect("the type rule says i64");
                let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
                y.fill(T::default());
                for (x, &index) in x.iter().zip(indices) {
                    let mut place =
                        usize::try_from(index).ok().filter(|index| *index < count).ok_or_else(
                            || DataError(format!("index {index} is outside of {:?}", op.indexed)),
                        )?;
                    let mut target = 0;
                    for (size, stride) in op.indexed.iter().zip(&strides).rev() {
                        target += place % size * stride;
                        place /= size;
                    }
                    y[target] = *x;
                }
                Ok(())
            },
        )))
    })
}
