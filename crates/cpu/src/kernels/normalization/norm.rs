//! To norm 1 along an axis; to mean 0 and variance 1 over some axes.

use tachy_graph::op::normalization::{LpNormalization, MeanVarianceNormalization};
use tachy_graph::shape::contiguous_strides;
use tachy_graph::{TensorView, TensorViewMut};

use super::mean_and_variance;
use crate::kernel::{FnKernel, Kernel, Operands, Prepared};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare_lp(op: &LpNormalization, operands: Operands<'_>) -> Prepared {
    let LpNormalization { axis, p } = *op;
    in_real!(operands, |operands: T| {
        Ok(each_group(&operands.input(0).shape, &[axis], move |group: Group<'_, T>| {
            let norm = if p == 1 {
                group.elements().map(f64::abs).sum::<f64>()
            } else {
                group.elements().map(|x| x * x).sum::<f64>().sqrt()
            };
            group.write(|x| if norm == 0.0 { 0.0 } else { x / norm });
        }))
    })
}

pub(in crate::kernels) fn prepare_mean_variance(
    op: &MeanVarianceNormalization,
    operands: Operands<'_>,
) -> Prepared {
    in_real!(operands, |operands: T| {
        Ok(each_group(&operands.input(0).shape, &op.axes, |group: Group<'_, T>| {
            let (mean, variance) = mean_and_variance(group.elements());
            let deviation = variance.sqrt() + 1e-9;
            group.write(|x| (x - mean) / deviation);
        }))
    })
}

/// The elements that differ only in their place along some axes.
struct Group<'a, T> {
    x: &'a [T],
    y: &'a mut [T],
    base: usize,
    offsets: &'a [usize],
}

impl<T: Real> Group<'_, T> {
    fn elements(&self) -> impl ExactSizeIterator<Item = f64> + Clone + '_ {
        self.offsets.iter().map(|offset| self.x[self.base + offset].widen())
    }

    fn write(self, function: impl Fn(f64) -> f64) {
        for offset in self.offsets {
            let place = self.base + offset;
            self.y[place] = T::of(function(self.x[place].widen()));
        }
    }
}

/// The kernel that calls `work` with each group of elements that differ only along `axes`.
fn each_group<T: Real>(
    shape: &[usize],
    axes: &[usize],
    work: impl Fn(Group<'_, T>) + Send + 'static,
) -> Box<dyn Kernel> {
    let strides = contiguous_strides(shape);
    let places = |along: bool| {
        let mut places = vec![0];
        for axis in (0..shape.len()).filter(|axis| axes.contains(axis) == along) {
            let stride = strides[axis];
            places = places
                .iter()
                .flat_map(|base| (0..shape[axis]).map(move |index| base + index * stride))
                .collect();
        }
        places
    };
    let (offsets, bases) = (places(true), places(false));
    Box::new(FnKernel(
        move |_: &Workers, inputs: &[Option<TensorView<'_>>], outputs: &mut [TensorViewMut<'_>]| {
            let x = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
            let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
            for &base in &bases {
                work(Group { x, y: &mut *y, base, offsets: &offsets });
            }
            Ok(())
        },
    ))
}
