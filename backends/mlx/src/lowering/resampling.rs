//! Images in other sizes, one axis at a time.

use tachy_graph::op::resampling::{
    CoordinateTransformation, Interpolation, NearestRounding, Resize, ResizedAxis,
};
use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;
use crate::element::Element;

pub(super) fn resize(cx: &Context<'_>, op: &Resize) -> Result<Array> {
    let s = cx.stream;
    let mut x = cx.input(0)?.clone();
    let resized = op.resolve(cx.shape(0)?).map_err(|error| cx.unsupported(&error.to_string()))?;
    for (number, (axis, to)) in op.axes.iter().copied().zip(resized).enumerate() {
        let size = x.shape()[axis];
        let crop = crop(op, number);
        if to.size == size && to.scale == 1.0 && crop.is_none() {
            continue;
        }
        let coordinate = |position: usize| match crop {
            Some((region, _)) => cropped(region, position, size, &to),
            None => coordinate(op, position, size, &to),
        };
        x = if let Interpolation::Nearest(rounding) = op.interpolation {
            let places: Vec<i32> = (0..to.size)
                .map(|position| nearest(coordinate(position), rounding, size))
                .collect();
            s.take(&x, &cx.indices(&places)?, axis)?
        } else {
            // A matrix with the weights of every position, `[size, new size]`.
            let mut matrix = vec![0f32; size * to.size];
            for position in 0..to.size {
                for (place, weight) in weights(op, coordinate(position), size, &to) {
                    matrix[place * to.size + position] += weight as f32;
                }
            }
            let matrix = cx.floats(&[size, to.size], &matrix, x.element())?;
            let rank = x.shape().len();
            let mut order: Vec<usize> = (0..rank).collect();
            order.swap(axis, rank - 1);
            s.transpose(&s.matmul(&s.transpose(&x, &order)?, &matrix)?, &order)?
        };
        if let Some((_, beyond)) = crop {
            let last = size as f64 - 1.0;
            let within: Vec<u8> = (0..to.size)
                .map(|position| u8::from((0.0..=last).contains(&coordinate(position))))
                .collect();
            let mut along = vec![1; x.shape().len()];
            along[axis] = to.size;
            let within = Array::from_bytes(Element::Bool, &along, &within)?;
            x = s.select(&within, &x, &cx.number(beyond, &x)?)?;
        }
    }
    Ok(x)
}

/// The region along the axis of this number and what stands beyond the image, if regions are resized.
fn crop(op: &Resize, number: usize) -> Option<((f32, f32), f64)> {
    match &op.coordinates {
        CoordinateTransformation::TfCropAndResize { regions, extrapolation_value } => {
            Some((regions[number], f64::from(*extrapolation_value)))
        }
        _ => None,
    }
}

/// Where a position of the output lies in the input if a region is resized; it may lie beyond.
fn cropped((start, end): (f32, f32), position: usize, size: usize, to: &ResizedAxis) -> f64 {
    let (start, end) = (f64::from(start), f64::from(end));
    let place = match to.size {
        1 => 0.5 * (start + end),
        _ => start + position as f64 * (end - start) / (to.extent - 1.0),
    };
    place * (size as f64 - 1.0)
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
