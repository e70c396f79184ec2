//! Resizing images, one axis at a time.

use tachy_graph::op::resampling::{
    CoordinateTransformation, Interpolation, NearestRounding, Resize, ResizedAxis,
};
use tachy_graph::shape::contiguous_strides;
use tachy_graph::{TensorView, TensorViewMut};

use super::copy_map::{AxisMap, CopyKernel, CopyMap, Fill};
use super::wide;
use crate::kernel::{DataError, Kernel, Operands, Prepared, Unsupported};
use crate::workers::Workers;

/// Elements to a piece of work.
const PIECE: usize = 4 * 1024;

pub(super) fn prepare(op: &Resize, operands: Operands<'_>) -> Prepared {
    let input = operands.input(0);
    let resized = op.resolve(&input.shape).map_err(|error| Unsupported(error.to_string()))?;
    match op.interpolation {
        Interpolation::Nearest(rounding) => nearest(op, &resized, rounding, operands),
        _ => interpolated(op, &resized, operands),
    }
}

/// Where each position of one of the output's axes lies in the input; `None` where the region of
/// [`CoordinateTransformation::TfCropAndResize`] leaves the input.
fn coordinates<'a>(
    op: &'a Resize,
    number: usize,
    size: usize,
    resized: ResizedAxis,
) -> impl Iterator<Item = Option<f64>> + 'a {
    let ResizedAxis { scale, extent, size: output_size } = resized;
    let size = size as f64;
    (0..output_size).map(move |position| {
        let position = position as f64;
        let half_pixel = (position + 0.5) / scale - 0.5;
        Some(match &op.coordinates {
            CoordinateTransformation::HalfPixel => half_pixel,
            CoordinateTransformation::HalfPixelSymmetric => {
                size / 2.0 * (1.0 - output_size as f64 / extent) + half_pixel
            }
            CoordinateTransformation::PytorchHalfPixel if output_size > 1 => half_pixel,
            CoordinateTransformation::PytorchHalfPixel => 0.0,
            CoordinateTransformation::AlignCorners if extent == 1.0 => 0.0,
            CoordinateTransformation::AlignCorners => position * (size - 1.0) / (extent - 1.0),
            CoordinateTransformation::Asymmetric => position / scale,
            CoordinateTransformation::TfCropAndResize { regions, .. } => {
                let (start, end) = regions[number];
                let (start, end) = (f64::from(start), f64::from(end));
                let place = match output_size {
                    1 => 0.5 * (start + end),
                    _ => start + position * (end - start) / (extent - 1.0),
                };
                return Some(place * (size - 1.0))
                    .filter(|place| (0.0..=size - 1.0).contains(place));
            }
        })
    })
}

fn nearest(
    op: &Resize,
    resized: &[ResizedAxis],
    rounding: NearestRounding,
    operands: Operands<'_>,
) -> Prepared {
    let input = operands.input(0);
    let strides = contiguous_strides(&input.shape);
    let mut axes: Vec<AxisMap> = (input.shape.iter().zip(&strides))
        .map(|(size, stride)| AxisMap::Strided { size: *size, stride: *stride as isize })
        .collect();
    for (number, (&axis, &resized)) in op.axes.iter().zip(resized).enumerate() {
        let size = input.shape[axis];
        let place = |coordinate: Option<f64>| {
            // Rounded to single precision, in which scales are given: otherwise the scale's own rounding would
            // decide which way the middle between two pixels goes.
            let coordinate = f64::from(coordinate? as f32);
            let nearest = match rounding {
                NearestRounding::PreferFloor => (coordinate - 0.5).ceil(),
                NearestRounding::PreferCeil => (coordinate + 0.5).floor(),
                NearestRounding::Floor => coordinate.floor(),
                NearestRounding::Ceil => coordinate.ceil(),
            };
            let nearest = nearest.clamp(0.0, size.saturating_sub(1) as f64) as usize;
            Some((nearest * strides[axis]) as isize)
        };
        axes[axis] = AxisMap::Table(coordinates(op, number, size, resized).map(place).collect());
    }
    let fill = match &op.coordinates {
        CoordinateTransformation::TfCropAndResize { extrapolation_value, .. } => {
            let mut value = tachy_graph::Tensor::zeros(input.dtype, &[])
                .map_err(|error| Unsupported(error.to_string()))?;
            if *extrapolation_value != 0.0 {
                wide::check(input.dtype)?;
                wide::narrow(&[f64::from(*extrapolation_value)], &mut value.view_mut());
            }
            let mut bytes = [0; 8];
            bytes[..input.dtype.size()].copy_from_slice(value.bytes());
            Fill::Bytes(bytes)
        }
        _ => Fill::Bytes([0; 8]),
    };
    let map = CopyMap::new(0, axes);
    Ok(Box::new(CopyKernel { maps: vec![map], width: input.dtype.size(), fill }))
}

/// For each position along one axis of the output, the positions in the input that it is made of.
struct Weights {
    /// Where each position's terms begin; one more at the end.
    starts: Vec<usize>,
    /// Position in the input and weight.
    terms: Vec<(usize, f64)>,
    /// Positions that take the extrapolation value instead.
    outside: Vec<bool>,
}

impl Weights {
    fn new(op: &Resize, number: usize, size: usize, resized: ResizedAxis) -> Self {
        let (radius, kernel): (f64, &dyn Fn(f64) -> f64) = match op.interpolation {
            Interpolation::Cubic { coefficient, .. } => {
                (2.0, &move |x| keys_cubic(x, f64::from(coefficient)))
            }
            _ => (1.0, &|x| (1.0 - x).max(0.0)),
        };
        let antialias = match op.interpolation {
            Interpolation::Cubic { antialias, .. } | Interpolation::Linear { antialias } => {
                antialias
            }
            Interpolation::Nearest(_) => false,
        };
        // An antialiasing filter is stretched when the image shrinks.
        let stretch = if antialias { resized.scale.min(1.0) } else { 1.0 };
        let reach = radius / stretch;
        let mut weights = Self { starts: vec![0], terms: Vec::new(), outside: Vec::new() };
        for coordinate in coordinates(op, number, size, resized) {
            weights.outside.push(coordinate.is_none());
            if let Some(coordinate) = coordinate {
                let first = weights.terms.len();
                let taps =
                    (coordinate - reach).floor() as i64 + 1..(coordinate + reach).ceil() as i64;
                for tap in taps {
                    let weight = kernel(((tap as f64 - coordinate) * stretch).abs());
                    let inside = tap.clamp(0, size as i64 - 1);
                    if weight != 0.0 && (inside == tap || !op.exclude_outside) {
                        weights.terms.push((inside as usize, weight));
                    }
                }
                let terms = &mut weights.terms[first..];
                if antialias || op.exclude_outside {
                    let sum: f64 = terms.iter().map(|(_, weight)| weight).sum();
                    terms.iter_mut().for_each(|(_, weight)| *weight /= sum);
                }
            }
            weights.starts.push(weights.terms.len());
        }
        weights
    }

    fn terms(&self, position: usize) -> &[(usize, f64)] {
        &self.terms[self.starts[position]..self.starts[position + 1]]
    }
}

/// The weight of a pixel at distance x ≥ 0 (Keys, 1981, equation 4).
fn keys_cubic(x: f64, a: f64) -> f64 {
    if x <= 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a
    } else {
        0.0
    }
}

/// One axis of a resize: `[…, size, inner]` to `[…, output_size, inner]`.
struct Pass {
    weights: Weights,
    size: usize,
    inner: usize,
    /// Elements in the output.
    length: usize,
}

struct Interpolated {
    passes: Vec<Pass>,
    /// The input and the result of each pass in turn.
    buffers: [Vec<f64>; 2],
    extrapolation_value: f64,
}

fn interpolated(op: &Resize, resized: &[ResizedAxis], operands: Operands<'_>) -> Prepared {
    let input = operands.input(0);
    wide::check(input.dtype)?;
    let mut order: Vec<usize> = (0..op.axes.len())
        .filter(|number| {
            let size = input.shape[op.axes[*number]];
            let cropped =
                matches!(op.coordinates, CoordinateTransformation::TfCropAndResize { .. });
            resized[*number].size != size || resized[*number].scale != 1.0 || cropped
        })
        .collect();
    // Shrinking axes first: then no intermediate result is larger than both input and output.
    order.sort_by_key(|number| resized[*number].size > input.shape[op.axes[*number]]);
    let mut shape = input.shape.clone();
    let mut passes = Vec::new();
    for number in order {
        let axis = op.axes[number];
        let size = shape[axis];
        shape[axis] = resized[number].size;
        passes.push(Pass {
            weights: Weights::new(op, number, size, resized[number]),
            size,
            inner: shape[axis + 1..].iter().product(),
            length: shape.iter().product(),
        });
    }
    let longest = |parity: usize| {
        let results = passes.iter().map(|pass| pass.length).skip(1 - parity).step_by(2);
        let first = (parity == 0).then(|| input.shape.iter().product());
        vec![0.0; results.chain(first).max().unwrap_or(0)]
    };
    let buffers = [longest(0), longest(1)];
    let extrapolation_value = match &op.coordinates {
        CoordinateTransformation::TfCropAndResize { extrapolation_value, .. } => {
            f64::from(*extrapolation_value)
        }
        _ => 0.0,
    };
    Ok(Box::new(Interpolated { passes, buffers, extrapolation_value }))
}

impl Kernel for Interpolated {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let input = inputs[0].expect("the type rule requires it");
        let [mut from, mut to] = self.buffers.each_mut();
        let mut length = input.bytes.len() / input.dtype.size();
        wide::widen(input, &mut from[..length]);
        for pass in &self.passes {
            pass.run(workers, &from[..length], &mut to[..pass.length], self.extrapolation_value);
            length = pass.length;
            std::mem::swap(&mut from, &mut to);
        }
        wide::narrow(&from[..length], &mut outputs[0]);
        Ok(())
    }
}

impl Pass {
    fn run(&self, workers: &Workers, input: &[f64], output: &mut [f64], extrapolation_value: f64) {
        let Self { weights, size, inner, .. } = self;
        let output_size = weights.outside.len();
        if output.is_empty() {
            return;
        }
        let rows = workers.chunk_length(output.len(), PIECE).div_ceil(*inner);
        workers.for_each_chunk(output, rows * inner, |piece, chunk| {
            for (row, output) in chunk.chunks_exact_mut(*inner).enumerate() {
                let (outer, position) =
                    ((piece * rows + row) / output_size, (piece * rows + row) % output_size);
                output.fill(if weights.outside[position] { extrapolation_value } else { 0.0 });
                for (place, weight) in weights.terms(position) {
                    let input = &input[(outer * size + place) * inner..][..*inner];
                    for (output, input) in output.iter_mut().zip(input) {
                        *output += weight * input;
                    }
                }
            }
        });
    }
}
