//! Regions of an image, resampled to one size.

use tachy_graph::op::pooling::RoiAlign;
use tachy_runtime::Result;

use super::context::Context;
use super::indexing::places;
use super::taps::{self, Tap};
use crate::array::Array;

pub(super) fn align(cx: &Context<'_>, op: &RoiAlign) -> Result<Array> {
    let s = cx.stream;
    let ratio = op.sampling_ratio;
    if ratio == 0 {
        return Err(cx.unsupported(
            "without `sampling_ratio`, the regions tell how much is read, and MLX must know that before",
        ));
    }
    let image = cx.shape(0)?;
    let output = &cx.output(0).shape;
    if output.contains(&0) || image.contains(&0) {
        return s.full(output, 0.0, cx.input(0)?.element());
    }
    let regions = output[0];
    let wide = taps::wide(cx, cx.input(0)?.element())?;
    let table = taps::table(cx, &s.cast(cx.input(0)?, wide)?)?;
    let corners = s.cast(cx.input(1)?, wide)?;
    let corners = s.multiply(&corners, &cx.number(op.spatial_scale.into(), &corners)?)?;
    let shift = if op.half_pixel { 0.5 } else { 0.0 };
    let corners = s.subtract(&corners, &cx.number(shift, &corners)?)?;
    // Along one direction: where the samples of every element of the output lie, and what is read there.
    let axis =
        |first: usize, count: usize, size: usize, shape: [usize; 3]| -> Result<(usize, Vec<Tap>)> {
            let corner = |index: usize| s.narrow(&corners, 1, index, 1);
            let start = corner(first)?;
            let mut extent = s.subtract(&corner(first + 2)?, &start)?;
            if !op.half_pixel {
                // Then a region is at least one element large.
                extent = s.maximum(&extent, &cx.number(1.0, &extent)?)?;
            }
            let step = |sample: usize| (sample as f32 + 0.5) / ratio as f32;
            let steps: Vec<f32> = (0..count * ratio)
                .map(|place| (place / ratio) as f32 + step(place % ratio))
                .collect();
            let steps = cx.floats(&[1, steps.len()], &steps, wide)?;
            let part = s.divide(&extent, &cx.number(count as f64, &extent)?)?;
            let place = s.add(&start, &s.multiply(&part, &steps)?)?;
            Ok((size, between(cx, &s.reshape(&place, &shape)?, size)?))
        };
    let (rows, columns) = (op.height * ratio, op.width * ratio);
    let axes = [
        axis(1, op.height, image[2], [regions, rows, 1])?,
        axis(0, op.width, image[3], [regions, 1, columns])?,
    ];
    let images = s.reshape(&places(cx, cx.input(2)?, image[0])?, &[regions, 1, 1])?;
    let points = [regions, rows, columns];
    // As ONNX defines the largest: of the weighted corners, not of the interpolated values.
    let y = taps::weighted(cx, &table, &images, &axes, &points, |a, b| match op.max {
        true => s.maximum(a, b),
        false => s.add(a, b),
    })?;
    let y = s.reshape(&y, &[regions, op.height, ratio, op.width, ratio, image[1]])?;
    let y = if op.max { s.max(&y, &[2, 4], false)? } else { s.mean(&y, &[2, 4], false)? };
    s.transpose(&y, &[0, 3, 1, 2])
}

/// The two elements around each place. From one element before the image to one behind it, its border is read; beyond,
/// nothing.
fn between(cx: &Context<'_>, place: &Array, size: usize) -> Result<Vec<Tap>> {
    let s = cx.stream;
    let number = |value: f64| cx.number(value, place);
    let (zero, last) = (number(0.0)?, number(size as f64 - 1.0)?);
    let within = s.logical_and(
        &s.greater_equal(place, &number(-1.0)?)?,
        &s.less_equal(place, &number(size as f64)?)?,
    )?;
    let place = s.minimum(&s.maximum(place, &zero)?, &last)?;
    let tap = |(position, weight): (Array, Array)| {
        let weight = s.select(&within, &weight, &zero)?;
        Ok(Tap { place: taps::inside(cx, &position, size)?, weight: Some(weight) })
    };
    taps::linear(cx, &place)?.into_iter().map(tap).collect()
}
