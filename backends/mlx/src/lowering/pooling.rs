//! Windows over images, combined into one element each.

use tachy_graph::op::pooling::{AveragePool, GlobalPool, LpPool, MaxPool, MaxUnpool};
use tachy_graph::op::scattering::ScatterReduction;
use tachy_graph::op::window::Window;
use tachy_graph::shape::contiguous_strides;
use tachy_runtime::Result;

use super::context::Context;
use super::indexing::places;
use super::reduction::least;
use super::scattering::write;
use crate::array::Array;
use crate::element::Element;

/// The elements of each window behind the elements of the output: `[n, c, o…, k…]`. What lies outside is `fill`.
fn windows(cx: &Context<'_>, x: &Array, window: &Window, fill: f64) -> Result<Array> {
    let s = cx.stream;
    let shape = x.shape();
    let output = &cx.output(0).shape[2..];
    let (mut low, mut high) = (vec![0; 2], vec![0; 2]);
    for axis in 0..window.rank() {
        let extent = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
        let needed = (output[axis].max(1) - 1) * window.strides[axis] + extent;
        let begin = window.pads_begin[axis];
        low.push(begin);
        high.push(needed.saturating_sub(begin + shape[axis + 2]));
    }
    let padded = if low.iter().chain(&high).any(|pad| *pad > 0) {
        s.pad(x, &low, &high, &cx.number(fill, x)?)?
    } else {
        x.clone()
    };
    let strides = contiguous_strides(&padded.shape());
    let mut sizes = shape[..2].to_vec();
    sizes.extend(output);
    sizes.extend(&window.kernel);
    let mut steps = strides[..2].to_vec();
    steps.extend(strides[2..].iter().zip(&window.strides).map(|(stride, step)| stride * step));
    steps.extend(strides[2..].iter().zip(&window.dilations).map(|(stride, step)| stride * step));
    s.as_strided(&s.contiguous(&padded)?, &sizes, &steps, 0)
}

/// The dimensions of the windows.
fn inner(window: &Window) -> Vec<usize> {
    (2 + window.rank()..2 + 2 * window.rank()).collect()
}

pub(super) fn max(cx: &Context<'_>, op: &MaxPool) -> Result<Vec<Array>> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let view = windows(cx, x, &op.window, least(x.element()))?;
    let largest = s.max(&view, &inner(&op.window), false)?;
    if !op.indices {
        return Ok(vec![largest]);
    }
    // The places of all elements, seen through the same windows.
    let shape = x.shape();
    let spatial = &shape[2..];
    let strides = if op.column_major && spatial.len() >= 2 {
        let mut swapped = spatial.to_vec();
        let last = swapped.len() - 1;
        swapped.swap(last - 1, last);
        let mut strides = contiguous_strides(&swapped);
        strides.swap(last - 1, last);
        strides
    } else {
        contiguous_strides(spatial)
    };
    let mut place = s.full(&vec![1; shape.len()], 0.0, Element::I32)?;
    let image: usize = spatial.iter().product();
    for (axis, stride) in [shape[1] * image, image].into_iter().chain(strides).enumerate() {
        let mut sizes = vec![1; shape.len()];
        sizes[axis] = shape[axis];
        let range = s.arange(0.0, shape[axis] as f64, 1.0, Element::I32)?;
        let range = s.multiply(&range, &cx.number(stride as f64, &range)?)?;
        place = s.add(&place, &s.reshape(&range, &sizes)?)?;
    }
    let places = windows(cx, &place, &op.window, 0.0)?;
    let mut flat = view.shape()[..2 + op.window.rank()].to_vec();
    flat.push(op.window.kernel.iter().product());
    let last = flat.len() - 1;
    let best = s.argmax(&s.reshape(&view, &flat)?, last, true)?;
    let best = s.cast(&best, Element::I32)?;
    let found = s.take_along_axis(&s.reshape(&places, &flat)?, &best, last)?;
    let found = s.reshape(&found, &cx.output(1).shape)?;
    Ok(vec![largest, s.cast(&found, Element::I64)?])
}

pub(super) fn average(cx: &Context<'_>, op: &AveragePool) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let sum = s.sum(&windows(cx, x, &op.window, 0.0)?, &inner(&op.window), false)?;
    let counts = counts(cx, op)?;
    s.divide(&sum, &counts)
}

/// How many elements of each window count, as it is broadcast to the output.
fn counts(cx: &Context<'_>, op: &AveragePool) -> Result<Array> {
    let (spatial, output) = (&cx.shape(0)?[2..], &cx.output(0).shape[2..]);
    let window = &op.window;
    let along = |axis: usize| {
        let (begin, size) = (window.pads_begin[axis] as i64, spatial[axis] as i64);
        let (first, last) = if op.count_include_pad {
            (-begin, size + window.pads_end[axis] as i64)
        } else {
            (0, size)
        };
        let count = move |place: usize| {
            let start = (place * window.strides[axis]) as i64 - begin;
            let taps =
                (0..window.kernel[axis]).map(|tap| start + (tap * window.dilations[axis]) as i64);
            taps.filter(|tap| (first..last).contains(tap)).count() as f32
        };
        (0..output[axis]).map(count).collect::<Vec<f32>>()
    };
    let mut counts = vec![1.0];
    for axis in 0..window.rank() {
        let along = along(axis);
        counts =
            counts.iter().flat_map(|count| along.iter().map(move |next| count * next)).collect();
    }
    cx.floats(output, &counts, cx.input(0)?.element())
}

pub(super) fn norm(cx: &Context<'_>, op: &LpPool) -> Result<Array> {
    let s = cx.stream;
    let powers = powers(cx, cx.input(0)?, op.p)?;
    let sum = s.sum(&windows(cx, &powers, &op.window, 0.0)?, &inner(&op.window), false)?;
    root(cx, &sum, op.p)
}

fn powers(cx: &Context<'_>, x: &Array, p: u32) -> Result<Array> {
    let size = cx.stream.abs(x)?;
    cx.stream.power(&size, &cx.number(p.into(), x)?)
}

fn root(cx: &Context<'_>, x: &Array, p: u32) -> Result<Array> {
    cx.stream.power(x, &cx.number(1.0 / f64::from(p), x)?)
}

pub(super) fn global(cx: &Context<'_>, op: &GlobalPool) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let axes: Vec<usize> = (2..x.shape().len()).collect();
    match op {
        GlobalPool::Average => s.mean(x, &axes, true),
        GlobalPool::Max => s.max(x, &axes, true),
        GlobalPool::Lp { p } => root(cx, &s.sum(&powers(cx, x, *p)?, &axes, true)?, *p),
    }
}

pub(super) fn unpool(cx: &Context<'_>, op: &MaxUnpool) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let (count, elements) = (op.indexed.iter().product(), x.shape().iter().product());
    let to = s.reshape(&places(cx, cx.input(1)?, count)?, &[elements])?;
    let empty = s.full(&[count, 1], 0.0, x.element())?;
    let y = write(cx, ScatterReduction::Replace, &empty, &to, x, 1)?;
    let y = s.reshape(&y, &op.indexed)?;
    let more: Vec<usize> =
        op.indexed.iter().zip(&op.output).map(|(indexed, output)| output - indexed).collect();
    s.pad(&y, &vec![0; more.len()], &more, &cx.number(0.0, x)?)
}
