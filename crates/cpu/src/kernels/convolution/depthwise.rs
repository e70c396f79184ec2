//! Convolutions whose filters see one channel each, directly.

use tachy_graph::op::convolution::Conv;
use tachy_graph::{TensorView, TensorViewMut};

use crate::kernel::{DataError, Kernel, Operands};
use crate::kernels::geometry::Geometry;
use crate::real::Real;
use crate::workers::Workers;

/// Adds every tap's share to a whole channel of the output, one tap after the other.
pub(super) struct Depthwise<T> {
    geometry: Geometry,
    /// Channels of the output.
    filters: usize,
    /// Channels of the output for each of the input.
    multiplier: usize,
    element: std::marker::PhantomData<T>,
}

impl<T: Real> Depthwise<T> {
    pub(super) fn new(op: &Conv, operands: Operands<'_>) -> Self {
        let (x, w) = (operands.input(0), operands.input(1));
        Self {
            geometry: Geometry::new(&x.shape[2..], &operands.outputs[0].shape[2..], &op.window),
            filters: w.shape[0],
            multiplier: w.shape[0] / op.groups,
            element: std::marker::PhantomData,
        }
    }
}

impl<T: Real> Kernel for Depthwise<T> {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let x = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
        let w = inputs[1].expect("required").as_slice::<T>().expect("prepared for T");
        let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
        let bias = inputs.get(2).copied().flatten();
        let bias = bias.map(|bias| bias.as_slice::<T>().expect("prepared for T"));
        let geometry = &self.geometry;
        let (positions, size, taps) =
            (geometry.positions(), geometry.image_size(), geometry.taps());
        workers.for_each_chunk(y, positions, |index, y| {
            let filter = index % self.filters;
            y.fill(bias.map_or(T::zero(), |bias| bias[filter]));
            let x = &x[index / self.multiplier * size..][..size];
            let w = &w[filter * taps..][..taps];
            for (tap, &weight) in w.iter().enumerate() {
                geometry.for_each_segment(tap, 0..positions, |segment| {
                    let y = &mut y[segment.range()];
                    if segment.step == 1 {
                        for (y, x) in y.iter_mut().zip(&x[segment.image..][..segment.length]) {
                            *y += weight * *x;
                        }
                    } else {
                        for (y, x) in y.iter_mut().zip(segment.elements(x)) {
                            *y += weight * x;
                        }
                    }
                });
            }
        });
        Ok(())
    }
}
