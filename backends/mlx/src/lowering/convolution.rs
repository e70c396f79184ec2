//! Convolutions. MLX wants channels last: images and weights are read so, which moves no element by itself.

use tachy_graph::op::convolution::{Col2Im, Conv, ConvTranspose};
use tachy_graph::op::quantized_convolution::{ConvInteger, QLinearConv};
use tachy_graph::op::window::Window;
use tachy_runtime::Result;

use super::context::Context;
use super::quantization::requantize;
use super::scattering::write;
use crate::array::Array;
use crate::element::Element;
use crate::stream::{Convolution, Unit};
use tachy_graph::op::scattering::ScatterReduction;

/// The order of dimensions that puts the second one last.
fn channels_last(rank: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rank).collect();
    order[1..].rotate_left(1);
    order
}

/// The order that undoes it.
fn channels_second(rank: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rank).collect();
    order[1..].rotate_right(1);
    order
}

/// The shape with which one number for each channel is broadcast to an image.
pub(super) fn per_channel(count: usize, rank: usize) -> Vec<usize> {
    let mut shape = vec![1; rank.saturating_sub(1)];
    shape[0] = count;
    shape
}

fn check_rank(cx: &Context<'_>, rank: usize) -> Result<()> {
    if (1..=3).contains(&rank) {
        return Ok(());
    }
    Err(cx.unsupported(&format!("MLX has convolutions of one to three dimensions, not of {rank}")))
}

/// Every group by itself where MLX has no groups for the number of dimensions.
fn grouped(cx: &Context<'_>, x: &Array, weights: &Array, options: &Convolution) -> Result<Array> {
    let s = cx.stream;
    let rank = options.strides.len();
    let native = options.groups == 1
        || (rank < 3 && options.input_dilations.iter().all(|dilation| *dilation == 1));
    if native {
        return s.convolution(x, weights, options);
    }
    let alone = Convolution { groups: 1, ..options.clone() };
    let (channels, filters) = (x.shape()[rank + 1], weights.shape()[0]);
    let (channels, filters) = (channels / options.groups, filters / options.groups);
    let group = |group: usize| {
        let x = s.narrow(x, rank + 1, group * channels, channels)?;
        s.convolution(&x, &s.narrow(weights, 0, group * filters, filters)?, &alone)
    };
    let groups = (0..options.groups).map(group).collect::<Result<Vec<_>>>()?;
    s.concatenate(&groups, rank + 1)
}

fn options(window: &Window, groups: usize) -> Convolution {
    let signed = |pads: &[usize]| pads.iter().map(|pad| *pad as i64).collect();
    Convolution {
        strides: window.strides.clone(),
        pads_begin: signed(&window.pads_begin),
        pads_end: signed(&window.pads_end),
        dilations: window.dilations.clone(),
        input_dilations: vec![1; window.rank()],
        groups,
        flip: false,
    }
}

/// The convolution of an image and weights with channels second.
fn plain(cx: &Context<'_>, x: &Array, weights: &Array, options: &Convolution) -> Result<Array> {
    let s = cx.stream;
    let rank = x.shape().len();
    check_rank(cx, rank - 2)?;
    let x = s.transpose(x, &channels_last(rank))?;
    s.transpose(&grouped(cx, &x, weights, options)?, &channels_second(rank))
}

pub(super) fn with_bias(cx: &Context<'_>, y: Array, bias: Option<&Array>) -> Result<Array> {
    let Some(bias) = bias else { return Ok(y) };
    let shape = y.shape();
    cx.stream.add(&y, &cx.stream.reshape(bias, &per_channel(shape[1], shape.len()))?)
}

pub(super) fn convolve(cx: &Context<'_>, op: &Conv) -> Result<Array> {
    let x = cx.input(0)?;
    let order = channels_last(x.shape().len());
    let weights = cx.derive(0, &[1], || cx.stream.transpose(cx.input(1)?, &order))?;
    let y = plain(cx, x, &weights, &options(&op.window, op.groups))?;
    with_bias(cx, y, cx.optional(2))
}

pub(super) fn adjoint(cx: &Context<'_>, op: &ConvTranspose) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let rank = x.shape().len();
    check_rank(cx, rank - 2)?;
    // `[C, M / g, k…]` to `[M, k…, C / g]`, the filters of each group apart.
    let weights = cx.derive(0, &[1], || {
        let shape = cx.shape(1)?;
        let mut apart = vec![op.groups, shape[0] / op.groups];
        apart.extend(&shape[1..]);
        let mut order = vec![0, 2];
        order.extend(3..apart.len());
        order.push(1);
        let turned = s.transpose(&s.reshape(cx.input(1)?, &apart)?, &order)?;
        let mut together = vec![op.groups * shape[1]];
        together.extend(&shape[2..]);
        together.push(shape[0] / op.groups);
        s.reshape(&turned, &together)
    })?;
    let kernel = &cx.shape(1)?[2..];
    let window = &op.window;
    let mut options = options(window, op.groups);
    let mut crops = Vec::new();
    for (axis, taps) in kernel.iter().enumerate() {
        let reach = (window.dilations[axis] * (taps - 1)) as i64;
        let begin = reach - window.pads_begin[axis] as i64;
        let end = reach - window.pads_end[axis] as i64 + op.output_padding[axis] as i64;
        // Padding below zero is what is cut from the result, which moves by one.
        crops.push(((-begin).max(0) as usize, (-end).max(0) as usize));
        options.pads_begin[axis] = begin.max(0);
        options.pads_end[axis] = end.max(0);
        options.input_dilations[axis] = window.strides[axis];
        options.strides[axis] = 1;
    }
    options.flip = true;
    let mut y = plain(cx, x, &weights, &options)?;
    for (axis, (begin, end)) in crops.into_iter().enumerate() {
        if begin + end > 0 {
            let size = y.shape()[axis + 2];
            y = s.narrow(&y, axis + 2, begin, size.saturating_sub(begin + end))?;
        }
    }
    with_bias(cx, y, cx.optional(2))
}

/// Blocks summed where they overlap. Where each element of a block belongs is known beforehand.
pub(super) fn blocks_to_image(cx: &Context<'_>, op: &Col2Im) -> Result<Array> {
    let s = cx.stream;
    let window = &op.window;
    let [batch, rows, blocks] = cx.shape(0)?[..] else {
        return Err(cx.unsupported("the blocks have no three dimensions"));
    };
    let size: usize = window.kernel.iter().product();
    let planes = batch * (rows / size);
    // The blocks along each dimension.
    let along = |axis: usize| {
        let extent = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
        let padded = op.image[axis] + window.pads_begin[axis] + window.pads_end[axis];
        (padded - extent) / window.strides[axis] + 1
    };
    let along: Vec<usize> = (0..window.rank()).map(along).collect();
    let place = |mut tap: usize, mut block: usize| {
        let (mut place, mut stride) = (0, 1);
        for axis in (0..window.rank()).rev() {
            let (kernel, blocks) = (window.kernel[axis], along[axis]);
            let padded =
                block % blocks * window.strides[axis] + tap % kernel * window.dilations[axis];
            let position = padded.checked_sub(window.pads_begin[axis])?;
            place += Some(position).filter(|position| *position < op.image[axis])? * stride;
            stride *= op.image[axis];
            (tap, block) = (tap / kernel, block / blocks);
        }
        Some(place as i32)
    };
    let elements = (0..size * blocks)
        .filter_map(|element| Some((element as i32, place(element / blocks, element % blocks)?)));
    let (from, to): (Vec<i32>, Vec<i32>) = elements.unzip();
    let x = cx.input(0)?;
    let apart = s.transpose(&s.reshape(x, &[planes, size * blocks])?, &[1, 0])?;
    let parts = s.take(&apart, &cx.indices(&from)?, 0)?;
    let empty = s.full(&[op.image.iter().product(), planes], 0.0, x.element())?;
    let image = write(cx, ScatterReduction::Add, &empty, &cx.indices(&to)?, &parts, planes)?;
    s.reshape(&s.transpose(&image, &[1, 0])?, &cx.output(0).shape)
}

/// The sum of products of integers less their zero points, exact up to 2⁵³ on the processor and 2²⁴ on a GPU.
fn integer_sum(
    cx: &Context<'_>,
    places: [usize; 4],
    window: &Window,
    groups: usize,
) -> Result<Array> {
    let s = cx.stream;
    let wide = if s.unit() == Unit::Cpu { Element::F64 } else { Element::F32 };
    let [x, x_zero, w, w_zero] = places;
    let rank = cx.shape(x)?.len();
    let mut image = s.cast(cx.input(x)?, wide)?;
    if let Some(zero) = cx.optional(x_zero) {
        image = s.subtract(&image, &s.cast(&s.reshape(zero, &[])?, wide)?)?;
    }
    let weights = cx.derive(0, &[w, w_zero], || {
        let mut weights = s.cast(cx.input(w)?, wide)?;
        if let Some(zero) = cx.optional(w_zero) {
            weights = s.subtract(&weights, &s.cast(&per_filter(cx, zero, rank)?, wide)?)?;
        }
        s.transpose(&weights, &channels_last(rank))
    })?;
    if wide == Element::F32 {
        let products: usize = weights.shape()[1..].iter().product();
        if products > 1 << 8 {
            return Err(cx.unsupported("f32 does not hold the sum, and a GPU has no f64 in MLX"));
        }
    }
    s.cast(&plain(cx, &image, &weights, &options(window, groups))?, Element::I32)
}

/// A parameter of the filters, as it is broadcast to weights with as many dimensions.
fn per_filter(cx: &Context<'_>, parameter: &Array, rank: usize) -> Result<Array> {
    let count = parameter.shape().iter().product();
    let mut shape = vec![1; rank];
    shape[0] = count;
    cx.stream.reshape(parameter, if count == 1 { &[] } else { &shape })
}

pub(super) fn integer(cx: &Context<'_>, op: &ConvInteger) -> Result<Array> {
    integer_sum(cx, [0, 2, 1, 3], &op.window, op.groups)
}

pub(super) fn quantized(cx: &Context<'_>, op: &QLinearConv) -> Result<Array> {
    let s = cx.stream;
    let sum = integer_sum(cx, [0, 2, 3, 5], &op.window, op.groups)?;
    let sum = with_bias(cx, sum, cx.optional(8))?;
    let scalar = |index: usize| s.cast(&s.reshape(cx.input(index)?, &[])?, Element::F32);
    let rank = cx.shape(0)?.len();
    // A scale of each filter belongs to the second dimension of the result.
    let weights = cx.input(4)?;
    let count: usize = weights.shape().iter().product();
    let shape = if count == 1 { Vec::new() } else { per_channel(count, rank) };
    let weights = s.cast(&s.reshape(weights, &shape)?, Element::F32)?;
    let factor = s.divide(&s.multiply(&scalar(1)?, &weights)?, &scalar(6)?)?;
    requantize(cx, &sum, &factor, cx.input(7)?)
}
