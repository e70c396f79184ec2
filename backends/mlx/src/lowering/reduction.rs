//! Operators that combine the elements along some dimensions.

use tachy_graph::op::reduction::{
    ArgExtremum, Cumulative, Reduce, ReduceKind, Softmax, SoftmaxKind, TopK,
};
use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;
use crate::element::Element;

pub(super) fn reduce(cx: &Context<'_>, op: &Reduce) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let (axes, keep) = (&op.axes, op.keep_dims);
    let count: usize = axes.iter().map(|axis| x.shape()[*axis]).product();
    if count == 0 {
        return nothing(cx, op);
    }
    // Integers are truncated at the end, not before.
    let real =
        |x: &Array| if x.element().is_float() { Ok(x.clone()) } else { s.cast(x, Element::F32) };
    match op.kind {
        ReduceKind::Sum => s.sum(x, axes, keep),
        ReduceKind::Mean => s.mean(&real(x)?, axes, keep),
        ReduceKind::Max => s.max(x, axes, keep),
        ReduceKind::Min => s.min(x, axes, keep),
        ReduceKind::Prod => s.prod(x, axes, keep),
        ReduceKind::L1 => s.sum(&s.abs(x)?, axes, keep),
        ReduceKind::L2 => s.sqrt(&s.sum(&s.square(&real(x)?)?, axes, keep)?),
        ReduceKind::LogSum => s.log(&s.sum(&real(x)?, axes, keep)?),
        ReduceKind::LogSumExp => s.logsumexp(&real(x)?, axes, keep),
        ReduceKind::SumSquare => s.sum(&s.square(x)?, axes, keep),
    }
}

/// The result where there are no elements.
fn nothing(cx: &Context<'_>, op: &Reduce) -> Result<Array> {
    let ty = cx.output(0);
    let element = Element::of(ty.dtype);
    let value = match op.kind {
        ReduceKind::Sum | ReduceKind::L1 | ReduceKind::L2 | ReduceKind::SumSquare => 0.0,
        ReduceKind::Prod => 1.0,
        ReduceKind::Mean => f64::NAN,
        ReduceKind::LogSum | ReduceKind::LogSumExp => f64::NEG_INFINITY,
        ReduceKind::Max => least(element),
        ReduceKind::Min => greatest(element),
    };
    cx.stream.broadcast_to(&cx.scalar(value, element)?, &ty.shape)
}

/// The least value of a type.
pub(super) fn least(element: Element) -> f64 {
    match element {
        Element::I8 => f64::from(i8::MIN),
        Element::I16 => f64::from(i16::MIN),
        Element::I32 => f64::from(i32::MIN),
        Element::I64 => i64::MIN as f64,
        element if element.is_float() => f64::NEG_INFINITY,
        _ => 0.0,
    }
}

/// The greatest value of a type.
pub(super) fn greatest(element: Element) -> f64 {
    match element {
        Element::Bool => 1.0,
        Element::U8 => f64::from(u8::MAX),
        Element::U16 => f64::from(u16::MAX),
        Element::U32 => f64::from(u32::MAX),
        Element::U64 => u64::MAX as f64,
        Element::I8 => f64::from(i8::MAX),
        Element::I16 => f64::from(i16::MAX),
        Element::I32 => f64::from(i32::MAX),
        Element::I64 => i64::MAX as f64,
        _ => f64::INFINITY,
    }
}

/// The array backwards along a dimension.
pub(super) fn flipped(cx: &Context<'_>, x: &Array, axis: usize) -> Result<Array> {
    let shape = x.shape();
    let size = shape[axis] as i64;
    if size == 0 {
        return Ok(x.clone());
    }
    let mut start = vec![0; shape.len()];
    let mut stop: Vec<i64> = shape.iter().map(|size| *size as i64).collect();
    let mut step = vec![1; shape.len()];
    (start[axis], stop[axis], step[axis]) = (size - 1, -size - 1, -1);
    cx.stream.slice(x, &start, &stop, &step)
}

pub(super) fn arg_extremum(cx: &Context<'_>, op: &ArgExtremum) -> Result<Array> {
    let s = cx.stream;
    let mut x = cx.input(0)?.clone();
    if x.element().is_float() {
        let most = if op.largest { f64::INFINITY } else { f64::NEG_INFINITY };
        x = s.select(&s.isnan(&x)?, &cx.number(most, &x)?, &x)?;
    }
    let size = x.shape()[op.axis];
    if op.select_last {
        x = flipped(cx, &x, op.axis)?;
    }
    let place = if op.largest {
        s.argmax(&x, op.axis, op.keep_dims)?
    } else {
        s.argmin(&x, op.axis, op.keep_dims)?
    };
    let place = s.cast(&place, Element::I64)?;
    if op.select_last {
        return s.subtract(&cx.number(size as f64 - 1.0, &place)?, &place);
    }
    Ok(place)
}

pub(super) fn cumulative(cx: &Context<'_>, op: &Cumulative) -> Result<Array> {
    let x = cx.input(0)?;
    if op.product {
        cx.stream.cumprod(x, op.axis, op.reverse, !op.exclusive)
    } else {
        cx.stream.cumsum(x, op.axis, op.reverse, !op.exclusive)
    }
}

pub(super) fn softmax(cx: &Context<'_>, op: &Softmax) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    match op.kind {
        SoftmaxKind::Softmax => s.softmax(x, op.axis),
        SoftmaxKind::LogSoftmax => s.subtract(x, &s.logsumexp(x, &[op.axis], true)?),
        SoftmaxKind::Hardmax => {
            let place = s.argmax(x, op.axis, true)?;
            let mut shape = vec![1; x.shape().len()];
            shape[op.axis] = x.shape()[op.axis];
            let places = s.arange(0.0, shape[op.axis] as f64, 1.0, place.element())?;
            s.equal(&s.reshape(&places, &shape)?, &place)
        }
    }
}

pub(super) fn top_k(cx: &Context<'_>, op: &TopK) -> Result<Vec<Array>> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let size = x.shape()[op.axis];
    let order = if op.largest {
        // Sorted backwards and read backwards, so that of equal elements the first comes first.
        let order = flipped(cx, &s.argsort(&flipped(cx, x, op.axis)?, op.axis)?, op.axis)?;
        let order = s.cast(&order, Element::I32)?;
        s.subtract(&cx.number(size as f64 - 1.0, &order)?, &order)?
    } else {
        s.cast(&s.argsort(x, op.axis)?, Element::I32)?
    };
    let best = s.narrow(&order, op.axis, 0, op.k)?;
    Ok(vec![s.take_along_axis(x, &best, op.axis)?, s.cast(&best, Element::I64)?])
}
