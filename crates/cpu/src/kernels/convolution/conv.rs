//! Convolution as matrix products.

use tachy_graph::op::convolution::Conv;
use tachy_graph::{TensorView, TensorViewMut};

use super::columns::{gather, tile, tiles};
use super::depthwise::Depthwise;
use crate::kernel::{DataError, Kernel, Operands, Prepared};
use crate::kernels::geometry::Geometry;
use crate::matrix::{Matrix, MatrixMut, multiply};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare(op: &Conv, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| {
        let weights = operands.input(1);
        if weights.shape[1] == 1 && op.groups > 1 {
            Ok(Box::new(Depthwise::<T>::new(op, operands)))
        } else {
            Ok(Box::new(Gathered::<T>::new(op, operands)))
        }
    })
}

/// Gathers windows into columns and multiplies them by the weights.
struct Gathered<T> {
    geometry: Geometry,
    groups: usize,
    /// Channels of the input in one group.
    channels: usize,
    /// Channels of the output in one group.
    filters: usize,
    tile: usize,
    columns: Vec<T>,
}

impl<T: Real> Gathered<T> {
    fn new(op: &Conv, operands: Operands<'_>) -> Self {
        let (x, w) = (operands.input(0), operands.input(1));
        let geometry = Geometry::new(&x.shape[2..], &operands.outputs[0].shape[2..], &op.window);
        let rows = w.shape[1] * geometry.taps();
        let (tile, scratch) = if geometry.is_pointwise() {
            (geometry.positions(), 0)
        } else {
            let tile = tile(rows, geometry.positions());
            (tile, rows * tile)
        };
        Self {
            groups: op.groups,
            channels: w.shape[1],
            filters: w.shape[0] / op.groups,
            tile,
            columns: vec![T::zero(); scratch],
            geometry,
        }
    }
}

impl<T: Real> Kernel for Gathered<T> {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let x = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
        let w = inputs[1].expect("required").as_slice::<T>().expect("prepared for T");
        let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
        if y.is_empty() {
            return Ok(());
        }
        let bias = inputs.get(2).copied().flatten();
        let bias = bias.map(|bias| bias.as_slice::<T>().expect("prepared for T"));
        let positions = self.geometry.positions();
        start_from_bias(y, bias, positions);
        let rows = self.channels * self.geometry.taps();
        let image = self.channels * self.geometry.image_size();
        for (index, y) in y.chunks_exact_mut(self.filters * positions).enumerate() {
            let group = index % self.groups;
            let x = &x[index * image..][..image];
            let w = &w[group * self.filters * rows..][..self.filters * rows];
            let weights = Matrix::new(w, self.filters, rows, rows);
            for range in tiles(positions, self.tile) {
                let columns = if self.geometry.is_pointwise() {
                    Matrix::new(x, rows, positions, positions)
                } else {
                    let columns = &mut self.columns[..rows * range.len()];
                    gather(workers, &self.geometry, x, range.clone(), columns, |element| element);
                    Matrix::new(columns, rows, range.len(), range.len())
                };
                let out =
                    MatrixMut::new(&mut y[range.start..], self.filters, range.len(), positions);
                multiply(workers, true, weights, columns, out);
            }
        }
        Ok(())
    }
}

/// Fills every channel `[N, M, positions]` with its bias, or with zeros.
pub(super) fn start_from_bias<T: Real>(y: &mut [T], bias: Option<&[T]>, positions: usize) {
    match bias {
        None => y.fill(T::zero()),
        Some(bias) => {
            for (index, channel) in y.chunks_exact_mut(positions).enumerate() {
                channel.fill(bias[index % bias.len()]);
            }
        }
    }
}
