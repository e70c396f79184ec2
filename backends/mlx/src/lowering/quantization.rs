//! Numbers of few bits.

use tachy_graph::DType;
use tachy_graph::convert::Conversion;
use tachy_graph::op::quantization::{DequantizeLinear, Granularity, QuantizeLinear, factor_shape};
use tachy_runtime::Result;

use super::context::Context;
use super::conversion::{round, widen};
use super::linear::integer_product;
use crate::array::Array;
use crate::element::Element;

/// The least and the greatest number of an integer type of at most 16 bits.
fn range(cx: &Context<'_>, dtype: DType) -> Result<(f64, f64)> {
    if !dtype.is_integer() {
        return Err(cx.unsupported(&format!("MLX does not round to {dtype}")));
    }
    let bits = dtype.bits() as i32;
    Ok(if dtype.is_signed_integer() {
        (-(2f64.powi(bits - 1)), 2f64.powi(bits - 1) - 1.0)
    } else {
        (0.0, 2f64.powi(bits) - 1.0)
    })
}

/// A scale or zero point, as it is broadcast to the tensor.
fn spread(
    cx: &Context<'_>,
    parameter: &Array,
    granularity: &Granularity,
    shape: &[usize],
) -> Result<Array> {
    let s = cx.stream;
    match *granularity {
        Granularity::PerTensor => s.reshape(parameter, &[]),
        Granularity::PerAxis(axis) => {
            let mut sizes = vec![1; shape.len()];
            sizes[axis] = shape[axis];
            s.reshape(parameter, &sizes)
        }
        Granularity::Blocked { axis, size } => {
            let places: Vec<i32> = (0..shape[axis]).map(|place| (place / size) as i32).collect();
            s.take(parameter, &cx.indices(&places)?, axis)
        }
    }
}

/// Rounds, adds the zero point and saturates.
fn saturate(cx: &Context<'_>, x: &Array, zero: Option<&Array>, to: DType) -> Result<Array> {
    let s = cx.stream;
    let (least, most) = range(cx, to)?;
    let mut rounded = s.cast(&s.round(x)?, Element::F32)?;
    if let Some(zero) = zero {
        rounded = s.add(&rounded, &s.cast(zero, Element::F32)?)?;
    }
    let limited = s.minimum(
        &s.maximum(&rounded, &cx.number(least, &rounded)?)?,
        &cx.number(most, &rounded)?,
    )?;
    s.cast(&s.cast(&limited, Element::I32)?, Element::of(to))
}

pub(super) fn quantize(cx: &Context<'_>, op: &QuantizeLinear) -> Result<Array> {
    let s = cx.stream;
    if !op.output.is_small_float() {
        range(cx, op.output)?;
    }
    let scale = widen(cx, cx.input(1)?, cx.ty(1)?.dtype)?;
    let precision = op.precision.map_or(scale.element(), Element::of);
    let precision = if precision.is_float() { precision } else { Element::F32 };
    let scale = s.cast(&spread(cx, &scale, &op.granularity, cx.shape(0)?)?, precision)?;
    let quotient = s.divide(&s.cast(cx.input(0)?, precision)?, &scale)?;
    let zero = match cx.optional(2) {
        Some(zero) => Some(spread(cx, zero, &op.granularity, cx.shape(0)?)?),
        None => None,
    };
    if op.output.is_small_float() {
        let moved = match zero {
            Some(zero) => s.add(&quotient, &s.cast(&widen(cx, &zero, op.output)?, precision)?)?,
            None => quotient,
        };
        let conversion = Conversion { saturate: op.saturate, ..Conversion::default() };
        return round(cx, &moved, op.output, conversion);
    }
    saturate(cx, &quotient, zero.as_ref(), op.output)
}

pub(super) fn dequantize(cx: &Context<'_>, op: &DequantizeLinear) -> Result<Array> {
    let s = cx.stream;
    let dtype = cx.ty(0)?.dtype;
    let float = |x: &Array| s.cast(&widen(cx, x, dtype)?, Element::F32);
    let mut x = float(cx.input(0)?)?;
    if let Some(zero) = cx.optional(2) {
        x = s.subtract(&x, &spread(cx, &float(zero)?, &op.granularity, cx.shape(0)?)?)?;
    }
    let scale = widen(cx, cx.input(1)?, cx.ty(1)?.dtype)?;
    let scale = s.cast(&spread(cx, &scale, &op.granularity, cx.shape(0)?)?, Element::F32)?;
    s.cast(&s.multiply(&x, &scale)?, Element::of(op.output))
}

pub(super) fn dynamic_quantize(cx: &Context<'_>) -> Result<Vec<Array>> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let axes: Vec<usize> = (0..x.shape().len()).collect();
    let zero = cx.number(0.0, x)?;
    let most = s.maximum(&s.max(x, &axes, false)?, &zero)?;
    let least = s.minimum(&s.min(x, &axes, false)?, &zero)?;
    let spread = s.subtract(&most, &least)?;
    let scale = s.divide(&spread, &cx.number(255.0, x)?)?;
    let scale = s.select(&s.equal(&spread, &zero)?, &cx.number(1.0, x)?, &scale)?;
    let point = s.divide(&s.negative(&least)?, &scale)?;
    let point = saturate(cx, &point, None, DType::U8)?;
    let numbers = saturate(cx, &s.divide(x, &scale)?, Some(&point), DType::U8)?;
    Ok(vec![numbers, scale, point])
}

/// The factor at a place, with its zero point taken away, as i16.
fn centred(cx: &Context<'_>, factor: usize, zero: usize, left: bool) -> Result<Array> {
    let s = cx.stream;
    let x = s.cast(cx.input(factor)?, Element::I16)?;
    let Some(point) = cx.optional(zero) else { return Ok(x) };
    let shape = factor_shape(&point.shape(), left, cx.shape(factor)?);
    s.subtract(&x, &s.cast(&s.reshape(point, &shape)?, Element::I16)?)
}

pub(super) fn matmul_integer(cx: &Context<'_>) -> Result<Array> {
    let (a, b) = (centred(cx, 0, 2, true)?, centred(cx, 1, 3, false)?);
    integer_product(cx, &a, &b, Element::I32)
}

pub(super) fn quantized_matmul(cx: &Context<'_>) -> Result<Array> {
    let s = cx.stream;
    let (a, b) = (centred(cx, 0, 2, true)?, centred(cx, 3, 5, false)?);
    let sum = s.cast(&integer_product(cx, &a, &b, Element::I32)?, Element::F32)?;
    let scale = |parameter: usize, left: bool, factor: usize| {
        let scale = cx.input(parameter)?;
        let shape = factor_shape(&scale.shape(), left, cx.shape(factor)?);
        s.cast(&s.reshape(scale, &shape)?, Element::F32)
    };
    let factor = s.multiply(&scale(1, true, 0)?, &scale(4, false, 3)?)?;
    let factor = s.divide(&factor, &s.cast(&s.reshape(cx.input(6)?, &[])?, Element::F32)?)?;
    let zero = s.reshape(cx.input(7)?, &[])?;
    saturate(cx, &s.multiply(&sum, &factor)?, Some(&zero), cx.output(0).dtype)
}

/// A sum of integers, scaled and quantised again.
pub(super) fn requantize(
    cx: &Context<'_>,
    sum: &Array,
    factor: &Array,
    zero: &Array,
) -> Result<Array> {
    let s = cx.stream;
    let scaled = s.multiply(&s.cast(sum, Element::F32)?, factor)?;
    saturate(cx, &scaled, Some(&s.reshape(zero, &[])?), cx.output(0).dtype)
}
