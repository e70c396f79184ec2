//! Images in other sizes, one axis at a time.

use tachy_graph::op::resampling::{
    CoordinateTransformation, Interpolation, NearestRounding, Resize, ResizedAxis,
};
use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;

pub(super) fn resize(cx: &Context<'_>, op: &Resize) -> Result<Array> {
    let s = cx.stream;
    if matches!(op.coordinates, CoordinateTransformation::TfCropAndResize { .. }) {
        return Err(cx.unsupported("regions of an image are not resized with MLX"));
    }
    let mut x = cx.input(0)?.clone();
    let resized = op.resolve(cx.shape(0)?).map_err(|error| cx.unsupported(&error.to_string()))?;
    for (axis, to) in op.axes.iter().copied().zip(resized) {
        let size = x.shape()[axis];
        if to.size == size && to.scale == 1.0 {
            continue;
        }
        if let Interpolation::Nearest(rounding) = op.interpolation {
            let places: Vec<i32> = (0..to.size)
                .map(|position| nearest(coordinate(op, position, size, &to), rounding, size))
                .collect();
            x = s.take(&x, &cx.indices(&places)?, axis)?;
            continue;
        }
        // A matrix with the weights of every position, `[size, new size]`.
        let mut matrix = vec![0f32; size * to.size];
        for position in 0..to.size {
            for (place, weight) in weights(op, coordinate(op, position, size, &to), size, &to) {
                matrix[place * to.size + position] += weight as f32;
            }
        }
        let matrix = cx.floats(&[size, to.size], &matrix, x.element())?;
        let rank = x.shape().len();
        let mut order: Vec<usize> = (0..rank).collect();
        order.swap(axis, rank - 1);
        x = s.transpose(&s.matmul(&s.transpose(&x, &order)?, &matrix)?, &order)?;
    }
    Ok(x)
}

/// Where a position of the output lies in the input.
fn coordinate(op: &Resize, position: usize, size: usize, to: &ResizedAxis) -> f64 {
    let (position, size) = (position as f64, size as f64);
    let centre = (position + 0.5) / to.scale - 0.5;
    match &op.coordinates {
        CoordinateTransformation::HalfPixelSymmetric => {
            size / 2.0 * (1.0 - to.size as f64 / to.extent) + centre
        }
        CoordinateTransformation::PytorchHalfPixel if to.size <= 1 => 0.0,
        CoordinateTransformation::AlignCorners if to.extent == 1.0 => 0.0,
        CoordinateTransformation::AlignCorners => position * (size - 1.0) / (to.extent - 1.0),
        CoordinateTransformation::Asymmetric => position / to.scale,
        _ => centre,
    }
}

fn nearest(coordinate: f64, rounding: NearestRounding, size: usize) -> i32 {
    // Scales are given in single precision, which must not decide the middle between two pixels.
    let coordinate = f64::from(coordinate as f32);
    let nearest = match rounding {
        NearestRounding::PreferFloor => (coordinate - 0.5).ceil(),
        NearestRounding::PreferCeil => (coordinate + 0.5).floor(),
        NearestRounding::Floor => coordinate.floor(),
        NearestRounding::Ceil => coordinate.ceil(),
    };
    nearest.clamp(0.0, size.saturating_sub(1) as f64) as i32
}

/// The positions in the input that a coordinate is made of, with their weights.
fn weights(op: &Resize, coordinate: f64, size: usize, to: &ResizedAxis) -> Vec<(usize, f64)> {
    let (radius, antialias) = match op.interpolation {
        Interpolation::Cubic { antialias, .. } => (2.0, antialias),
        Interpolation::Linear { antialias } => (1.0, antialias),
        Interpolation::Nearest(_) => (1.0, false),
    };
    let kernel = |x: f64| match op.interpolation {
        Interpolation::Cubic { coefficient, .. } => cubic(x, coefficient.into()),
        _ => (1.0 - x).max(0.0),
    };
    // An antialiasing filter is stretched when the image shrinks.
    let stretch = if antialias { to.scale.min(1.0) } else { 1.0 };
    let reach = radius / stretch;
    let taps = (coordinate - reach).floor() as i64 + 1..(coordinate + reach).ceil() as i64;
    let mut found = Vec::new();
    for tap in taps {
        let inside = tap.clamp(0, size as i64 - 1);
        if inside == tap || !op.exclude_outside {
            found.push((inside as usize, kernel(((tap as f64 - coordinate) * stretch).abs())));
        }
    }
    if antialias || op.exclude_outside {
        let sum: f64 = found.iter().map(|(_, weight)| weight).sum();
        found.iter_mut().for_each(|(_, weight)| *weight /= sum);
    }
    found
}

/// The weight of a pixel at distance x ≥ 0 (Keys, 1981, equation 4).
fn cubic(x: f64, a: f64) -> f64 {
    if x <= 1.0 {
        (a + 2.0) * x.powi(3) - (a + 3.0) * x.powi(2) + 1.0
    } else if x < 2.0 {
        a * x.powi(3) - 5.0 * a * x.powi(2) + 8.0 * a * x - 4.0 * a
    } else {
        0.0
    }
}
