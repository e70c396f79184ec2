//! Operators that read at places named by another tensor.
//!
//! MLX does not check places, so they are kept within the array: what lies outside reads the border instead of memory
//! that is somebody else's.

use tachy_graph::op::indexing::{Gather, GatherElements, GatherNd, OneHot};
use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;
use crate::element::Element;

/// Indices as places: negative ones count from the end.
pub(super) fn places(cx: &Context<'_>, indices: &Array, size: usize) -> Result<Array> {
    let s = cx.stream;
    let indices = s.cast(indices, Element::I32)?;
    let zero = cx.number(0.0, &indices)?;
    let from_end = s.add(&indices, &cx.number(size as f64, &indices)?)?;
    let place = s.select(&s.less(&indices, &zero)?, &from_end, &indices)?;
    let last = cx.number(size.saturating_sub(1) as f64, &indices)?;
    s.minimum(&s.maximum(&place, &zero)?, &last)
}

pub(super) fn gather(cx: &Context<'_>, op: &Gather) -> Result<Array> {
    let size = cx.shape(0)?[op.axis];
    let places = cx.derive(0, &[1], || places(cx, cx.input(1)?, size))?;
    cx.stream.take(cx.input(0)?, &places, op.axis)
}

pub(super) fn gather_elements(cx: &Context<'_>, op: &GatherElements) -> Result<Array> {
    let s = cx.stream;
    let mut data = cx.input(0)?.clone();
    let (shape, indices) = (cx.shape(0)?, cx.shape(1)?);
    // In the other dimensions indices may be smaller than data.
    for axis in (0..shape.len()).filter(|axis| *axis != op.axis) {
        if indices[axis] < shape[axis] {
            data = s.narrow(&data, axis, 0, indices[axis])?;
        }
    }
    let places = places(cx, cx.input(1)?, shape[op.axis])?;
    s.take_along_axis(&data, &places, op.axis)
}

/// Coordinates `[rows, k]` within leading sizes, as places in row-major order.
pub(super) fn flat_places(cx: &Context<'_>, coordinates: &Array, sizes: &[usize]) -> Result<Array> {
    let s = cx.stream;
    let rows = coordinates.shape()[0];
    let mut flat = s.full(&[rows], 0.0, Element::I32)?;
    for (axis, size) in sizes.iter().enumerate() {
        let column = s.reshape(&s.narrow(coordinates, 1, axis, 1)?, &[rows])?;
        let place = places(cx, &column, *size)?;
        flat = s.add(&s.multiply(&flat, &cx.number(*size as f64, &flat)?)?, &place)?;
    }
    Ok(flat)
}

pub(super) fn gather_nd(cx: &Context<'_>, op: &GatherNd) -> Result<Array> {
    let s = cx.stream;
    let (data, indices) = (cx.shape(0)?, cx.shape(1)?);
    let (depth, batch) = (indices[indices.len() - 1], op.batch_dims);
    let batches: usize = data[..batch].iter().product();
    let rows: usize = indices[..indices.len() - 1].iter().product();
    let (named, inner) = data[batch..].split_at(depth);
    let coordinates = s.reshape(cx.input(1)?, &[rows, depth])?;
    let mut flat = flat_places(cx, &coordinates, named)?;
    let places: usize = named.iter().product();
    if batches > 1 {
        let each = rows / batches;
        let offsets: Vec<i32> = (0..rows).map(|row| (row / each * places) as i32).collect();
        flat = s.add(&flat, &cx.indices(&offsets)?)?;
    }
    let width = inner.iter().product();
    let table = s.reshape(cx.input(0)?, &[batches * places, width])?;
    s.reshape(&s.take(&table, &flat, 0)?, &cx.output(0).shape)
}

pub(super) fn one_hot(cx: &Context<'_>, op: &OneHot) -> Result<Array> {
    let s = cx.stream;
    let indices = s.cast(cx.input(0)?, Element::I64)?;
    let depth = cx.number(op.depth as f64, &indices)?;
    let below = s.less(&indices, &cx.number(0.0, &indices)?)?;
    let place = s.select(&below, &s.add(&indices, &depth)?, &indices)?;
    let shape = &cx.output(0).shape;
    let mut with_axis = shape.clone();
    with_axis[op.axis] = 1;
    let mut along = vec![1; shape.len()];
    along[op.axis] = op.depth;
    let steps = s.reshape(&s.arange(0.0, op.depth as f64, 1.0, Element::I64)?, &along)?;
    let on = s.equal(&s.reshape(&place, &with_axis)?, &steps)?;
    let values = cx.input(1)?;
    let value = |index| s.reshape(&s.narrow(values, 0, index, 1)?, &[]);
    s.select(&on, &value(1)?, &value(0)?)
}
