//! Operators that take parts, and that put parts together.

use tachy_graph::op::slicing::{Concat, Pad, PadMode, ReverseSequence, Slice, Split, Trilu};
use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;
use crate::element::Element;

pub(super) fn concat(cx: &Context<'_>, op: &Concat) -> Result<Array> {
    let parts: Vec<Array> = cx.inputs.iter().flatten().cloned().collect();
    cx.stream.concatenate(&parts, op.axis)
}

pub(super) fn split(cx: &Context<'_>, op: &Split) -> Result<Vec<Array>> {
    let x = cx.input(0)?;
    let mut start = 0;
    let part = |size: &usize| {
        let part = cx.stream.narrow(x, op.axis, start, *size);
        start += size;
        part
    };
    op.sizes.iter().map(part).collect()
}

pub(super) fn slice(cx: &Context<'_>, op: &Slice) -> Result<Array> {
    let x = cx.input(0)?;
    if op.axes.iter().any(|axis| axis.size == 0) {
        return cx.stream.full(&cx.output(0).shape, 0.0, x.element());
    }
    let shape = x.shape();
    let (mut start, mut stop, mut step) = (Vec::new(), Vec::new(), Vec::new());
    for (axis, size) in op.axes.iter().zip(shape) {
        let size = size as i64;
        let end = axis.start as i64 + axis.step * axis.size as i64;
        start.push(axis.start as i64);
        // Before the first position is −1 − size; −1 itself counts from the end.
        stop.push(if end < 0 { -1 - size } else { end.min(size) });
        step.push(axis.step);
    }
    cx.stream.slice(x, &start, &stop, &step)
}

pub(super) fn pad(cx: &Context<'_>, op: &Pad) -> Result<Array> {
    let s = cx.stream;
    let mut x = cx.input(0)?.clone();
    // Elements are taken away before any are added.
    for (axis, (before, after)) in op.pads.iter().enumerate() {
        let cut = |pad: i64| usize::try_from(-pad).unwrap_or(0);
        if *before < 0 || *after < 0 {
            let size = x.shape()[axis];
            let left = size.saturating_sub(cut(*before) + cut(*after));
            x = s.narrow(&x, axis, cut(*before).min(size - left), left)?;
        }
    }
    let added: Vec<(usize, usize)> = op
        .pads
        .iter()
        .map(|(before, after)| ((*before).max(0) as usize, (*after).max(0) as usize))
        .collect();
    if op.mode == PadMode::Constant {
        let value = match cx.optional(1) {
            Some(value) => s.reshape(value, &[])?,
            None => cx.number(0.0, &x)?,
        };
        let (low, high): (Vec<usize>, Vec<usize>) = added.into_iter().unzip();
        return s.pad(&x, &low, &high, &value);
    }
    for (axis, (before, after)) in added.into_iter().enumerate() {
        if before + after == 0 {
            continue;
        }
        let size = x.shape()[axis] as i64;
        if size == 0 {
            return Err(cx.unsupported("there is nothing to repeat"));
        }
        let place = |position: i64| match op.mode {
            PadMode::Edge => position.clamp(0, size - 1),
            PadMode::Wrap => position.rem_euclid(size),
            _ if size == 1 => 0,
            _ => {
                let period = 2 * (size - 1);
                let place = position.rem_euclid(period);
                place.min(period - place)
            }
        };
        let range = -(before as i64)..size + after as i64;
        let places: Vec<i32> = range.map(|position| place(position) as i32).collect();
        x = s.take(&x, &cx.indices(&places)?, axis)?;
    }
    Ok(x)
}

pub(super) fn triangle(cx: &Context<'_>, op: &Trilu) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let shape = x.shape();
    let [.., rows, columns] = shape[..] else {
        return Err(cx.unsupported("the input is no matrix"));
    };
    let range = |size: usize| s.arange(0.0, size as f64, 1.0, Element::I32);
    let row = s.reshape(&range(rows)?, &[rows, 1])?;
    let column = s.reshape(&range(columns)?, &[1, columns])?;
    let diagonal = match cx.optional(1) {
        Some(k) => {
            // A diagonal beyond the matrix is as one at its border.
            let limit = (rows + columns) as f64;
            let k = s.reshape(k, &[])?;
            let k = s.minimum(&s.maximum(&k, &cx.number(-limit, &k)?)?, &cx.number(limit, &k)?)?;
            s.cast(&k, Element::I32)?
        }
        None => cx.scalar(0.0, Element::I32)?,
    };
    let distance = s.subtract(&column, &row)?;
    let kept = if op.upper {
        s.greater_equal(&distance, &diagonal)?
    } else {
        s.less_equal(&distance, &diagonal)?
    };
    s.select(&kept, x, &cx.number(0.0, x)?)
}

pub(super) fn reverse_sequence(cx: &Context<'_>, op: &ReverseSequence) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let shape = x.shape();
    let along = |array: &Array, axis: usize| {
        let mut sizes = vec![1; shape.len()];
        sizes[axis] = shape[axis];
        s.reshape(array, &sizes)
    };
    let time = along(&s.arange(0.0, shape[op.time_axis] as f64, 1.0, Element::I32)?, op.time_axis)?;
    let lengths = along(&s.cast(cx.input(1)?, Element::I32)?, op.batch_axis)?;
    let mirrored = s.subtract(&s.subtract(&lengths, &cx.number(1.0, &lengths)?)?, &time)?;
    let place = s.select(&s.less(&time, &lengths)?, &mirrored, &time)?;
    s.take_along_axis(x, &s.broadcast_to(&place, &shape)?, op.time_axis)
}
