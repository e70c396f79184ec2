//! Convolutions that read where an input says.

use tachy_graph::op::convolution::DeformConv;
use tachy_runtime::Result;

use super::context::Context;
use super::convolution::with_bias;
use super::taps::{self, Tap};
use crate::array::Array;
use crate::element::Element;

/// Every element under every tap of the window is read, and the weights are multiplied with what was read.
pub(super) fn convolve(cx: &Context<'_>, op: &DeformConv) -> Result<Array> {
    let s = cx.stream;
    let (image, filters) = (cx.shape(0)?, cx.shape(1)?);
    let output = &cx.output(0).shape;
    if output.contains(&0) || image.contains(&0) {
        return Err(cx.unsupported("the image or the output is empty"));
    }
    let (batch, channels) = (image[0], image[1]);
    let (taps, count) = (filters[2] * filters[3], output[2] * output[3]);
    let element = taps::wide(cx, cx.input(0)?.element())?;
    let x = s.cast(cx.input(0)?, element)?;
    let groups = op.offset_groups;
    let offsets = s.cast(cx.input(2)?, element)?;
    let offsets = s.reshape(&offsets, &[batch * groups, taps, 2, count])?;
    let images = s.reshape(
        &s.arange(0.0, (batch * groups) as f64, 1.0, Element::I32)?,
        &[batch * groups, 1, 1],
    )?;
    // A group of channels with offsets of its own is an image of its own.
    let width = channels / groups;
    let table = taps::table(cx, &s.reshape(&x, &[batch * groups, width, image[2], image[3]])?)?;
    let axis = |axis: usize| -> Result<(usize, Vec<Tap>)> {
        let moved = s.reshape(&s.narrow(&offsets, 2, axis, 1)?, &[batch * groups, taps, count])?;
        let place = s.add(&moved, &unmoved(cx, op, axis, element)?)?;
        let tap = |(position, weight): (Array, Array)| {
            taps::or_zero(cx, &position, Some(&weight), image[axis + 2])
        };
        let taps = taps::linear(cx, &place)?.into_iter().map(tap);
        Ok((image[axis + 2], taps.collect::<Result<_>>()?))
    };
    let axes = [axis(0)?, axis(1)?];
    let points = [batch * groups, taps, count];
    let mut read = taps::weighted(cx, &table, &images, &axes, &points, |a, b| s.add(a, b))?;
    if let Some(mask) = cx.optional(4) {
        read = s.multiply(&read, &s.reshape(&s.cast(mask, element)?, &[read.shape()[0], 1])?)?;
    }
    // To `[batch, groups of the weights, positions, channels of a group · taps]`.
    let read = s.reshape(&read, &[batch, groups, taps, count, width])?;
    let read = s.transpose(&read, &[0, 1, 4, 3, 2])?;
    let read = s.reshape(&read, &[batch, op.groups, filters[1], count, taps])?;
    let read = s.transpose(&read, &[0, 1, 3, 2, 4])?;
    let read = s.reshape(&read, &[batch, op.groups, count, filters[1] * taps])?;
    let weights = s.cast(cx.input(1)?, element)?;
    let alone = [1, op.groups, filters[0] / op.groups, filters[1] * taps];
    let weights = s.transpose(&s.reshape(&weights, &alone)?, &[0, 1, 3, 2])?;
    let y = s.transpose(&s.matmul(&read, &weights)?, &[0, 1, 3, 2])?;
    with_bias(cx, s.reshape(&y, output)?, cx.optional(3))
}

/// Where each tap lies without its offset: `[1, taps, positions]`.
fn unmoved(cx: &Context<'_>, op: &DeformConv, axis: usize, element: Element) -> Result<Array> {
    let output = &cx.output(0).shape;
    let (kernel, window) = (&op.window.kernel, &op.window);
    let mut places = Vec::new();
    for tap in 0..kernel[0] * kernel[1] {
        let tap = [tap / kernel[1], tap % kernel[1]][axis];
        for position in 0..output[2] * output[3] {
            let position = [position / output[3], position % output[3]][axis];
            let place = position * window.strides[axis] + tap * window.dilations[axis];
            places.push(place as f32 - window.pads_begin[axis] as f32);
        }
    }
    cx.floats(&[1, kernel[0] * kernel[1], output[2] * output[3]], &places, element)
}
