//! The adjoint of convolution: products scattered back into an image.

use std::ops::Range;

use tachy_graph::op::convolution::{Col2Im, ConvTranspose};
use tachy_graph::{TensorView, TensorViewMut};

use super::columns::{tile, tiles};
use super::conv::start_from_bias;
use crate::kernel::{DataError, FnKernel, Kernel, Operands, Prepared};
use crate::kernels::geometry::Geometry;
use crate::matrix::{Matrix, MatrixMut, multiply};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare(op: &ConvTranspose, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| Ok(Box::new(Transposed::<T>::new(op, operands))))
}

/// Multiplies by the transposed weights and scatters the products.
struct Transposed<T> {
    /// The convolution whose adjoint this is: its image is the output, its positions are the input.
    geometry: Geometry,
    groups: usize,
    /// Channels of the input in one group.
    channels: usize,
    /// Channels of the output in one group.
    filters: usize,
    tile: usize,
    columns: Vec<T>,
}

impl<T: Real> Transposed<T> {
    fn new(op: &ConvTranspose, operands: Operands<'_>) -> Self {
        let (x, w) = (operands.input(0), operands.input(1));
        let geometry = Geometry::new(&operands.outputs[0].shape[2..], &x.shape[2..], &op.window);
        let rows = w.shape[1] * geometry.taps();
        let tile = tile(rows, geometry.positions());
        Self {
            groups: op.groups,
            channels: w.shape[0] / op.groups,
            filters: w.shape[1],
            tile,
            columns: vec![T::zero(); rows * tile],
            geometry,
        }
    }
}

impl<T: Real> Kernel for Transposed<T> {
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
        let (positions, size) = (self.geometry.positions(), self.geometry.image_size());
        start_from_bias(y, bias, size);
        let rows = self.filters * self.geometry.taps();
        for (index, y) in y.chunks_exact_mut(self.filters * size).enumerate() {
            let group = index % self.groups;
            let x = &x[index * self.channels * positions..][..self.channels * positions];
            let w = &w[group * self.channels * rows..][..self.channels * rows];
            let weights = Matrix::new(w, self.channels, rows, rows).transposed();
            for range in tiles(positions, self.tile) {
                let columns = &mut self.columns[..rows * range.len()];
                multiply(
                    workers,
                    false,
                    weights,
                    Matrix::new(
                        &x[range.start.min(x.len())..],
                        self.channels,
                        range.len(),
                        positions,
                    ),
                    MatrixMut::new(columns, rows, range.len(), range.len()),
                );
                scatter(workers, &self.geometry, columns, range, y);
            }
        }
        Ok(())
    }
}

/// Adds the columns of a range of positions to the images: the adjoint of gathering.
fn scatter<T: Real>(
    workers: &Workers,
    geometry: &Geometry,
    columns: &[T],
    range: Range<usize>,
    images: &mut [T],
) {
    let taps = geometry.taps();
    workers.for_each_chunk(images, geometry.image_size(), |channel, image| {
        for tap in 0..taps {
            let row = &columns[(channel * taps + tap) * range.len()..][..range.len()];
            geometry.for_each_segment(tap, range.clone(), |segment| {
                let elements = image[segment.image..].iter_mut().step_by(segment.step);
                for (element, column) in elements.zip(&row[segment.range()]) {
                    *element += *column;
                }
            });
        }
    });
}

pub(in crate::kernels) fn prepare_col2im(op: &Col2Im, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| Ok(col2im::<T>(op, operands)))
}

fn col2im<T: Real>(op: &Col2Im, operands: Operands<'_>) -> Box<dyn Kernel> {
    let positions: Vec<usize> = (0..op.image.len())
        .map(|axis| {
            let window = &op.window;
            let padded = op.image[axis] + window.pads_begin[axis] + window.pads_end[axis];
            let extent = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
            (padded - extent) / window.strides[axis] + 1
        })
        .collect();
    let geometry = Geometry::new(&op.image, &positions, &op.window);
    debug_assert_eq!(geometry.positions(), operands.input(0).shape[2]);
    Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            let columns = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
            let images = outputs[0].as_mut_slice::<T>().expect("prepared for T");
            images.fill(T::zero());
            scatter(workers, &geometry, columns, 0..geometry.positions(), images);
            Ok(())
        },
    ))
}
