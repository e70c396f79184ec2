//! Operators that write at places named by another tensor.

use tachy_graph::op::scattering::{ScatterElements, ScatterNd, ScatterReduction, TensorScatter};
use tachy_runtime::Result;

use super::context::Context;
use super::indexing::{flat_places, places};
use crate::array::Array;
use crate::element::Element;
use crate::operation::Operation;

fn operation(reduction: ScatterReduction) -> Operation {
    match reduction {
        ScatterReduction::Replace => Operation::Scatter,
        ScatterReduction::Add => Operation::ScatterAdd,
        ScatterReduction::Mul => Operation::ScatterProd,
        ScatterReduction::Min => Operation::ScatterMin,
        ScatterReduction::Max => Operation::ScatterMax,
    }
}

/// Slices `[rows, width]` written to the rows of data `[places, width]`.
pub(super) fn write(
    cx: &Context<'_>,
    reduction: ScatterReduction,
    data: &Array,
    flat: &Array,
    updates: &Array,
    width: usize,
) -> Result<Array> {
    let s = cx.stream;
    let shape = data.shape();
    let elements: usize = shape.iter().product();
    let rows = flat.shape()[0];
    if rows == 0 || elements == 0 {
        return Ok(data.clone());
    }
    let table = s.reshape(data, &[elements / width, width])?;
    let updates = s.reshape(updates, &[rows, 1, width])?;
    s.reshape(&s.scatter_rows(operation(reduction), &table, flat, &updates)?, &shape)
}

pub(super) fn scatter_elements(cx: &Context<'_>, op: &ScatterElements) -> Result<Array> {
    let s = cx.stream;
    let (shape, indices) = (cx.shape(0)?, cx.shape(1)?);
    let along = places(cx, cx.input(1)?, shape[op.axis])?;
    // The place of each update in row-major order.
    let mut flat: Option<Array> = None;
    for (axis, size) in shape.iter().enumerate() {
        let place = if axis == op.axis {
            along.clone()
        } else {
            let mut sizes = vec![1; shape.len()];
            sizes[axis] = indices[axis];
            let range = s.arange(0.0, indices[axis] as f64, 1.0, Element::I32)?;
            s.reshape(&range, &sizes)?
        };
        flat = Some(match flat {
            Some(flat) => s.add(&s.multiply(&flat, &cx.number(*size as f64, &flat)?)?, &place)?,
            None => place,
        });
    }
    let flat = flat.ok_or_else(|| cx.unsupported("data is a scalar"))?;
    let flat = s.reshape(&s.broadcast_to(&flat, indices)?, &[indices.iter().product()])?;
    write(cx, op.reduction, cx.input(0)?, &flat, cx.input(2)?, 1)
}

pub(super) fn scatter_nd(cx: &Context<'_>, op: &ScatterNd) -> Result<Array> {
    let s = cx.stream;
    let (shape, indices) = (cx.shape(0)?, cx.shape(1)?);
    let depth = indices[indices.len() - 1];
    let rows: usize = indices[..indices.len() - 1].iter().product();
    let coordinates = s.reshape(cx.input(1)?, &[rows, depth])?;
    let flat = flat_places(cx, &coordinates, &shape[..depth])?;
    let width = shape[depth..].iter().product();
    write(cx, op.reduction, cx.input(0)?, &flat, cx.input(2)?, width)
}

/// Every place of the cache asks which place of the update it gets, if any.
pub(super) fn into_cache(cx: &Context<'_>, op: &TensorScatter) -> Result<Array> {
    let s = cx.stream;
    let (shape, new) = (cx.shape(0)?, cx.shape(1)?[op.axis]);
    let size = shape[op.axis];
    if new == 0 || shape.contains(&0) {
        return Ok(cx.input(0)?.clone());
    }
    let mut along = vec![1; shape.len()];
    along[op.axis] = size;
    let mut place = s.reshape(&s.arange(0.0, size as f64, 1.0, Element::I32)?, &along)?;
    let number = |value: usize| cx.scalar(value as f64, Element::I32);
    if let Some(first) = cx.optional(2) {
        let mut batch = vec![1; shape.len()];
        batch[0] = shape[0];
        let mut first = first.clone();
        if op.circular {
            // What goes on at the start comes from before it, by the cache's size.
            first = s.remainder(&first, &cx.number(size as f64, &first)?)?;
        }
        place = s.subtract(&place, &s.reshape(&s.cast(&first, Element::I32)?, &batch)?)?;
        if op.circular {
            place = s.remainder(&place, &number(size)?)?;
        }
    }
    let first = s.greater_equal(&place, &number(0)?)?;
    let written = s.logical_and(&first, &s.less(&place, &number(new)?)?)?;
    let place = s.minimum(&s.maximum(&place, &number(0)?)?, &number(new - 1)?)?;
    let read = s.take_along_axis(cx.input(1)?, &s.broadcast_to(&place, shape)?, op.axis)?;
    s.select(&written, &read, cx.input(0)?)
}
