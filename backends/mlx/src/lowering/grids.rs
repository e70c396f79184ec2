//! Images at the positions of a grid.

use tachy_graph::Tensor;
use tachy_graph::op::resampling::{AffineGrid, GridInterpolation, GridPadding, GridSample};
use tachy_runtime::Result;

use super::context::Context;
use super::taps::{self, Tap};
use crate::array::Array;
use crate::element::Element;

pub(super) fn sample(cx: &Context<'_>, op: &GridSample) -> Result<Array> {
    let s = cx.stream;
    let (x, grid) = (cx.shape(0)?, cx.shape(1)?);
    let output = &cx.output(0).shape;
    if output.contains(&0) {
        return s.full(output, 0.0, cx.input(0)?.element());
    }
    if !cx.input(0)?.element().is_float() && op.interpolation == GridInterpolation::Cubic {
        return Err(cx.unsupported("what a cubic makes of integers leaves their range"));
    }
    let (n, sizes, rank) = (x[0], &x[2..], x.len() - 2);
    let points: usize = grid[1..=rank].iter().product();
    let wide = taps::wide(cx, cx.input(0)?.element())?;
    let table = taps::table(cx, &s.cast(cx.input(0)?, wide)?)?;
    let grid = s.reshape(&s.cast(cx.input(1)?, wide)?, &[n, points, rank])?;
    let axis = |(axis, size): (usize, &usize)| {
        // Innermost dimension first.
        let normalized = s.reshape(&s.narrow(&grid, 2, rank - 1 - axis, 1)?, &[n, points])?;
        Ok((*size, taps_at(cx, op, &normalized, *size)?))
    };
    let axes = sizes.iter().enumerate().map(axis).collect::<Result<Vec<_>>>()?;
    let images = s.reshape(&s.arange(0.0, n as f64, 1.0, Element::I32)?, &[n, 1])?;
    let y = taps::weighted(cx, &table, &images, &axes, &[n, points], |a, b| s.add(a, b))?;
    let y = s.transpose(&s.reshape(&y, &[n, points, x[1]])?, &[0, 2, 1])?;
    s.reshape(&y, output)
}

/// What is read along an axis for coordinates between −1 and 1.
fn taps_at(cx: &Context<'_>, op: &GridSample, normalized: &Array, size: usize) -> Result<Vec<Tap>> {
    let s = cx.stream;
    let number = |value: f64| cx.number(value, normalized);
    let (whole, last) = (size as f64, size as f64 - 1.0);
    let factor = if op.align_corners { last / 2.0 } else { whole / 2.0 };
    let coordinate = s.add(&s.multiply(normalized, &number(factor)?)?, &number(last / 2.0)?)?;
    let read: Vec<(Array, Option<Array>)> = match (op.interpolation, op.padding) {
        (GridInterpolation::Nearest, _) => vec![(s.round(&coordinate)?, None)],
        (GridInterpolation::Linear, padding) => {
            let mut coordinate = coordinate;
            if padding == GridPadding::Border {
                // Between the border's pixel and its repetition there is nothing but its value.
                coordinate = s.minimum(&s.maximum(&coordinate, &number(0.0)?)?, &number(last)?)?;
            }
            taps::linear(cx, &coordinate)?.map(|(position, weight)| (position, Some(weight))).into()
        }
        (GridInterpolation::Cubic, _) => cubic(cx, &coordinate)?,
    };
    let tap = |(position, weight): (Array, Option<Array>)| match op.padding {
        GridPadding::Zeros => taps::or_zero(cx, &position, weight.as_ref(), size),
        GridPadding::Border => Ok(Tap { place: taps::inside(cx, &position, size)?, weight }),
        GridPadding::Reflection => {
            let place = taps::inside(cx, &reflect(cx, &position, op.align_corners, whole)?, size)?;
            Ok(Tap { place, weight })
        }
    };
    read.into_iter().map(tap).collect()
}

/// The four positions around a coordinate, and their weights (Keys, 1981, with a = −¾).
fn cubic(cx: &Context<'_>, coordinate: &Array) -> Result<Vec<(Array, Option<Array>)>> {
    let s = cx.stream;
    let number = |value: f64| cx.number(value, coordinate);
    let a = -0.75;
    let (near, far) = ([a + 2.0, -(a + 3.0), 0.0, 1.0], [a, -5.0 * a, 8.0 * a, -4.0 * a]);
    let below = s.floor(coordinate)?;
    let fraction = s.subtract(coordinate, &below)?;
    let tap = |(offset, polynomial): (f64, [f64; 4])| {
        let along = s.subtract(&fraction, &number(offset)?)?;
        let distance = s.abs(&along)?;
        let mut weight = number(polynomial[0])?;
        for coefficient in &polynomial[1..] {
            weight = s.add(&s.multiply(&weight, &distance)?, &number(*coefficient)?)?;
        }
        Ok((s.add(&below, &number(offset)?)?, Some(weight)))
    };
    [(-1.0, far), (0.0, near), (1.0, near), (2.0, far)].into_iter().map(tap).collect()
}

/// Positions mirrored at the pixels at the ends, or at their outer edges, until they are within.
fn reflect(cx: &Context<'_>, position: &Array, at_centres: bool, size: f64) -> Result<Array> {
    let s = cx.stream;
    let number = |value: f64| cx.number(value, position);
    let (first, width) = if at_centres { (0.0, size - 1.0) } else { (-0.5, size) };
    if width <= 0.0 {
        return s.multiply(position, &number(0.0)?);
    }
    let period = number(2.0 * width)?;
    let distance = s.remainder(&s.subtract(position, &number(first)?)?, &period)?;
    let distance = s.minimum(&distance, &s.subtract(&period, &distance)?)?;
    s.add(&distance, &number(first)?)
}

pub(super) fn affine(cx: &Context<'_>, op: &AffineGrid) -> Result<Array> {
    let s = cx.stream;
    let rank = op.size.len();
    let points: usize = op.size.iter().product();
    let theta = cx.input(0)?;
    let theta = s.cast(theta, taps::wide(cx, theta.element())?)?;
    // The coordinates of every point, innermost dimension first, and 1 for what is added.
    let mut plain = vec![1.0f64; (rank + 1) * points];
    for (row, axis) in (0..rank).rev().enumerate() {
        let size = op.size[axis];
        let inner: usize = op.size[axis + 1..].iter().product();
        for (point, value) in plain[row * points..][..points].iter_mut().enumerate() {
            let position = (point / inner % size) as f64;
            *value = match (op.align_corners, size) {
                (true, 1) => -1.0,
                (true, _) => 2.0 * position / (size as f64 - 1.0) - 1.0,
                (false, _) => (2.0 * position + 1.0) / size as f64 - 1.0,
            };
        }
    }
    let plain = Tensor::new(&[1, rank + 1, points], &plain)?;
    let plain = Array::new(&plain.cast(theta.element().to_dtype()?, Default::default())?)?;
    let grid = s.transpose(&s.matmul(&theta, &plain)?, &[0, 2, 1])?;
    s.reshape(&grid, &cx.output(0).shape)
}
