//! Images and volumes at the positions of a grid.

use tachy_graph::op::resampling::{AffineGrid, GridInterpolation, GridPadding, GridSample};
use tachy_graph::shape::contiguous_strides;
use tachy_graph::{TensorView, TensorViewMut};

use super::wide;
use crate::kernel::{FnKernel, Operands, Prepared};
use crate::workers::Workers;

/// Output elements to a piece of work.
const PIECE: usize = 1024;

pub(super) fn prepare(op: GridSample, operands: Operands<'_>) -> Prepared {
    let (x, grid, output) = (operands.input(0), operands.input(1), operands.outputs[0]);
    wide::check(x.dtype)?;
    let sampler = Sampler {
        op,
        dimensions: x.shape[2..].to_vec(),
        strides: contiguous_strides(&x.shape[2..]),
    };
    let (channels, rank) = (x.shape[1], x.rank() - 2);
    let image: usize = x.shape[2..].iter().product();
    let points: usize = output.shape[2..].iter().product();
    let mut wide_x = vec![0.0; x.shape.iter().product()];
    let mut wide_grid = vec![0.0; grid.shape.iter().product()];
    let mut wide_output = vec![0.0; output.shape.iter().product()];
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            wide::widen(inputs[0].expect("the type rule requires it"), &mut wide_x);
            wide::widen(inputs[1].expect("the type rule requires it"), &mut wide_grid);
            let (x, grid) = (&wide_x, &wide_grid);
            let length = workers.chunk_length(wide_output.len(), PIECE);
            workers.for_each_chunk(&mut wide_output, length, |piece, chunk| {
                for (index, output) in chunk.iter_mut().enumerate() {
                    let number = piece * length + index;
                    let (plane, point) = (number / points, number % points);
                    let image = &x[plane * image..][..image];
                    let place = (plane / channels * points + point) * rank;
                    *output = sampler.sample(image, &grid[place..][..rank], 0);
                }
            });
            wide::narrow(&wide_output, &mut outputs[0]);
            Ok(())
        },
    )))
}

struct Sampler {
    op: GridSample,
    dimensions: Vec<usize>,
    strides: Vec<usize>,
}

impl Sampler {
    /// The value at a point (innermost coordinate first) of what is left of an image below the first `axis`
    /// dimensions.
    fn sample(&self, image: &[f64], point: &[f64], axis: usize) -> f64 {
        let Some(&size) = self.dimensions.get(axis) else { return image[0] };
        let coordinate = self.coordinate(point[point.len() - 1 - axis], size);
        let below = coordinate.floor();
        let fraction = coordinate - below;
        let tap = |offset: f64, weight: f64| match self.pixel(below + offset, size) {
            Some(pixel) if weight != 0.0 => {
                weight * self.sample(&image[pixel * self.strides[axis]..], point, axis + 1)
            }
            _ => 0.0,
        };
        match self.op.interpolation {
            GridInterpolation::Nearest => tap(0.0, 1.0),
            GridInterpolation::Linear => tap(0.0, 1.0 - fraction) + tap(1.0, fraction),
            GridInterpolation::Cubic => {
                let [w0, w1, w2, w3] = cubic_weights(fraction);
                tap(-1.0, w0) + tap(0.0, w1) + tap(1.0, w2) + tap(2.0, w3)
            }
        }
    }

    /// A coordinate between −1 and 1 as a position in a dimension, kept within it where that changes nothing
    /// but infinities: what is beyond the border is the pixels' affair.
    fn coordinate(&self, normalized: f64, size: usize) -> f64 {
        let size = size as f64;
        let coordinate = if self.op.align_corners {
            (normalized + 1.0) / 2.0 * (size - 1.0)
        } else {
            ((normalized + 1.0) * size - 1.0) / 2.0
        };
        match (self.op.interpolation, self.op.padding) {
            (GridInterpolation::Nearest, _) => coordinate.round_ties_even(),
            // Between the border's pixel and its repetition there is nothing but its value.
            (GridInterpolation::Linear, GridPadding::Border) => coordinate.clamp(0.0, size - 1.0),
            _ => coordinate,
        }
    }

    /// The pixel at a whole position; `None` if that is beyond the border and there is nothing.
    fn pixel(&self, position: f64, size: usize) -> Option<usize> {
        let last = size as f64 - 1.0;
        let position = match self.op.padding {
            GridPadding::Zeros => {
                return (0.0..=last).contains(&position).then_some(position as usize);
            }
            GridPadding::Border => position,
            GridPadding::Reflection => self.reflect(position, size as f64),
        };
        Some(position.clamp(0.0, last) as usize)
    }

    /// The coordinate, mirrored at the pixels at the ends or at their outer edges until it is within.
    fn reflect(&self, coordinate: f64, size: f64) -> f64 {
        let first = if self.op.align_corners { 0.0 } else { -0.5 };
        let width = if self.op.align_corners { size - 1.0 } else { size };
        if width <= 0.0 {
            return 0.0;
        }
        let distance = (coordinate - first).rem_euclid(2.0 * width);
        first + distance.min(2.0 * width - distance)
    }
}

/// The weights of the pixels at −1, 0, 1 and 2 for a value at x, 0 ≤ x < 1 (Keys, 1981, with a = −¾).
fn cubic_weights(x: f64) -> [f64; 4] {
    let a = -0.75;
    let near = |x: f64| ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    let far = |x: f64| ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a;
    [far(1.0 + x), near(x), near(1.0 - x), far(2.0 - x)]
}

pub(super) fn prepare_affine_grid(op: &AffineGrid, operands: Operands<'_>) -> Prepared {
    let theta = operands.input(0);
    wide::check(theta.dtype)?;
    let size = op.size.clone();
    let rank = size.len();
    let align_corners = op.align_corners;
    let points: usize = size.iter().product();
    let mut wide_theta = vec![0.0; theta.shape.iter().product()];
    let mut wide_output = vec![0.0; operands.outputs[0].shape.iter().product()];
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            wide::widen(inputs[0].expect("the type rule requires it"), &mut wide_theta);
            let theta = &wide_theta;
            workers.for_each_chunk(&mut wide_output, points * rank, |image, grid| {
                let theta = &theta[image * rank * (rank + 1)..][..rank * (rank + 1)];
                for (point, target) in grid.chunks_exact_mut(rank).enumerate() {
                    for (value, row) in target.iter_mut().zip(theta.chunks_exact(rank + 1)) {
                        // Innermost dimension first, in the grid as in the columns of theta.
                        let mut rest = point;
                        *value = row[rank];
                        for (factor, &size) in row.iter().zip(size.iter().rev()) {
                            *value += factor * normalized(rest % size, size, align_corners);
                            rest /= size;
                        }
                    }
                }
            });
            wide::narrow(&wide_output, &mut outputs[0]);
            Ok(())
        },
    )))
}

/// A position in a dimension as a coordinate between −1 and 1.
fn normalized(position: usize, size: usize, align_corners: bool) -> f64 {
    match (align_corners, size) {
        (true, 1) => -1.0,
        (true, _) => 2.0 * position as f64 / (size as f64 - 1.0) - 1.0,
        (false, _) => (2.0 * position as f64 + 1.0) / size as f64 - 1.0,
    }
}
