//! Linear algebra.

use tachy_graph::op::linear::Gemm;
use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;
use crate::element::Element;
use crate::stream::Unit;

pub(super) fn matmul(cx: &Context<'_>) -> Result<Array> {
    cx.expect_numbers()?;
    product(cx, cx.input(0)?, cx.input(1)?)
}

/// The product of matrices of floats or of integers, which MLX does not multiply by itself.
pub(super) fn product(cx: &Context<'_>, a: &Array, b: &Array) -> Result<Array> {
    let s = cx.stream;
    if a.element().is_float() {
        return s.matmul(a, b);
    }
    integer_product(cx, a, b, a.element())
}

/// The product of matrices of integers. On the processor it goes by way of f64, which holds sums up to 2⁵³; on a GPU, by
/// way of f32 in pieces whose sums it holds, which needs factors of 9 bits or less.
pub(super) fn integer_product(
    cx: &Context<'_>,
    a: &Array,
    b: &Array,
    to: Element,
) -> Result<Array> {
    let s = cx.stream;
    if s.unit() == Unit::Cpu {
        let product = s.matmul(&s.cast(a, Element::F64)?, &s.cast(b, Element::F64)?)?;
        return s.cast(&product, to);
    }
    let narrow =
        |array: &Array| matches!(array.element(), Element::I8 | Element::U8 | Element::I16);
    if !narrow(a) || !narrow(b) {
        return Err(cx.unsupported(
            "MLX does not multiply matrices of integers, and f64 is missing on a GPU",
        ));
    }
    const PIECE: usize = 64;
    let (left, right) = (a.shape(), b.shape());
    let (last, inner) = (left.len() - 1, left[left.len() - 1]);
    let row = right.len().saturating_sub(2);
    let (a, b) = (s.cast(a, Element::F32)?, s.cast(b, Element::F32)?);
    let mut sum: Option<Array> = None;
    for start in (0..inner).step_by(PIECE) {
        let size = PIECE.min(inner - start);
        let part = s.matmul(&s.narrow(&a, last, start, size)?, &s.narrow(&b, row, start, size)?)?;
        let part = s.cast(&part, to)?;
        sum = Some(match sum {
            Some(sum) => s.add(&sum, &part)?,
            None => part,
        });
    }
    sum.ok_or_else(|| cx.unsupported("there is nothing to sum"))
}

pub(super) fn gemm(cx: &Context<'_>, op: &Gemm) -> Result<Array> {
    cx.expect_numbers()?;
    let s = cx.stream;
    let turned = |index: usize, turn: bool| {
        if turn { s.transpose(cx.input(index)?, &[1, 0]) } else { Ok(cx.input(index)?.clone()) }
    };
    let (a, b) = (turned(0, op.transpose_a)?, turned(1, op.transpose_b)?);
    let c = cx.optional(2);
    if let Some(c) = c
        && a.element().is_float()
    {
        return s.addmm(c, &a, &b, op.alpha, op.beta);
    }
    let mut result = product(cx, &a, &b)?;
    let scaled = |array: &Array, factor: f32| {
        if factor == 1.0 {
            Ok(array.clone())
        } else {
            s.multiply(array, &cx.number(factor.into(), array)?)
        }
    };
    result = scaled(&result, op.alpha)?;
    match c {
        Some(c) => s.add(&result, &scaled(c, op.beta)?),
        None => Ok(result),
    }
}

/// By elimination with the largest pivots, one column after the other.
pub(super) fn determinant(cx: &Context<'_>) -> Result<Array> {
    let s = cx.stream;
    let shape = cx.shape(0)?;
    let [batch @ .., size, _] = shape else {
        return Err(cx.unsupported("the input is no matrix"));
    };
    let (size, count) = (*size, batch.iter().product());
    let element = if s.unit() == Unit::Cpu { Element::F64 } else { Element::F32 };
    let mut rest = s.reshape(&s.cast(cx.input(0)?, element)?, &[count, size, size])?;
    let mut product = s.full(&[count, 1, 1], 1.0, element)?;
    let (zero, one) = (cx.scalar(0.0, element)?, cx.scalar(1.0, element)?);
    for left in (1..=size).rev() {
        let column = s.narrow(&rest, 2, 0, 1)?;
        let best = s.cast(&s.argmax(&s.abs(&column)?, 1, true)?, Element::I32)?;
        let row = s.take_along_axis(&rest, &s.broadcast_to(&best, &[count, 1, left])?, 1)?;
        let pivot = s.narrow(&row, 2, 0, 1)?;
        product = s.multiply(&product, &pivot)?;
        if left == 1 {
            break;
        }
        // The first row takes the place of the best, which turns the sign around unless it is the best itself.
        let moved = s.not_equal(&best, &cx.number(0.0, &best)?)?;
        product = s.select(&moved, &s.negative(&product)?, &product)?;
        let places = s.reshape(&s.arange(0.0, left as f64, 1.0, Element::I32)?, &[1, left, 1])?;
        rest = s.select(&s.equal(&places, &best)?, &s.narrow(&rest, 1, 0, 1)?, &rest)?;
        let below = s.narrow(&rest, 1, 1, left - 1)?;
        let divisor = s.select(&s.equal(&pivot, &zero)?, &one, &pivot)?;
        let factors = s.divide(&s.narrow(&below, 2, 0, 1)?, &divisor)?;
        let below = s.subtract(&below, &s.multiply(&factors, &row)?)?;
        rest = s.narrow(&below, 2, 1, left - 1)?;
    }
    s.reshape(&product, batch)
}
