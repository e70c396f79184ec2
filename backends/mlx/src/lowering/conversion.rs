//! Conversion of element types.

use tachy_graph::convert::Conversion;
use tachy_graph::op::conversion::Cast;
use tachy_graph::{DType, Tensor};
use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;
use crate::element::Element;

pub(super) fn cast(cx: &Context<'_>, op: &Cast) -> Result<Array> {
    let x = widen(cx, cx.input(0)?, cx.ty(0)?.dtype)?;
    if op.to.is_small_float() {
        return round(cx, &x, op.to, op.conversion);
    }
    narrow(cx, &x, op.to)
}

/// Elements of types that MLX does not have as numbers that it computes with.
pub(super) fn widen(cx: &Context<'_>, x: &Array, from: DType) -> Result<Array> {
    if !from.is_small_float() {
        return Ok(x.clone());
    }
    // There are few such floats: a table of them all.
    let bytes: Vec<u8> = (0..1 << from.bits()).map(|code: u32| code as u8).collect();
    let table = Tensor::from_bytes(from, &[bytes.len()], &bytes)?;
    let table = Array::new(&table.cast(DType::F32, Default::default())?)?;
    cx.stream.take(&table, &cx.stream.cast(x, Element::U32)?, 0)
}

/// Numbers rounded to a type of floats that MLX does not have, as ONNX says.
///
/// Such a float has at most 3 bits behind the point. So the upper half of an f32, with 7, and whether the lower half is
/// zero tell what it is rounded to: all that there can be stand in a table.
pub(super) fn round(
    cx: &Context<'_>,
    x: &Array,
    to: DType,
    conversion: Conversion,
) -> Result<Array> {
    let s = cx.stream;
    let wide = !x.element().is_float() && x.element().size() > 2;
    if x.element() == Element::F64 || (wide && to == DType::F8E8M0) {
        return Err(cx.unsupported(&format!("by way of f32, MLX would round twice to {to}")));
    }
    let all: Vec<f32> =
        (0..1u32 << 17).map(|code| f32::from_bits((code >> 1 << 16) | (code & 1))).collect();
    let table = Tensor::new(&[all.len()], &all)?.cast(to, conversion)?;
    let table = Array::from_bytes(Element::U8, &[all.len()], table.bytes())?;
    let shape = x.shape();
    let flat = s.reshape(&s.cast(x, Element::F32)?, &[shape.iter().product()])?;
    let bits = s.view(&flat, Element::U32)?;
    let number = |value: f64| cx.scalar(value, Element::U32);
    let upper = s.left_shift(&s.right_shift(&bits, &number(16.0)?)?, &number(1.0)?)?;
    let lower = s.bitwise_and(&bits, &number(65535.0)?)?;
    let rest = s.cast(&s.not_equal(&lower, &number(0.0)?)?, Element::U32)?;
    s.reshape(&s.take(&table, &s.bitwise_or(&upper, &rest)?, 0)?, &shape)
}

/// Numbers as elements of this type, the higher bits dropped where it has few.
pub(super) fn narrow(cx: &Context<'_>, x: &Array, to: DType) -> Result<Array> {
    let s = cx.stream;
    if to.bits() >= 8 || to == DType::Bool {
        if to == DType::Bool {
            return s.not_equal(x, &cx.number(0.0, x)?);
        }
        if x.element().is_float() && to.is_integer() && to.bits() < 32 {
            // Narrow types keep the lower bits of the 32-bit value.
            return s.cast(&s.cast(x, Element::I32)?, Element::of(to));
        }
        return s.cast(x, Element::of(to));
    }
    let x = s.cast(x, Element::I32)?;
    let (mask, sign) = ((1 << to.bits()) - 1, 1 << (to.bits() - 1));
    let low = s.bitwise_and(&x, &cx.number(f64::from(mask), &x)?)?;
    let value = if to.is_signed_integer() {
        let sign = cx.number(f64::from(sign), &x)?;
        s.subtract(&s.bitwise_xor(&low, &sign)?, &sign)?
    } else {
        low
    };
    s.cast(&value, Element::of(to))
}

pub(super) fn bit_cast(cx: &Context<'_>) -> Result<Array> {
    let x = cx.input(0)?;
    let to = Element::of(cx.output(0).dtype);
    if x.shape().is_empty() {
        let row = cx.stream.reshape(x, &[1])?;
        return cx.stream.reshape(&cx.stream.view(&row, to)?, &[]);
    }
    cx.stream.view(x, to)
}
