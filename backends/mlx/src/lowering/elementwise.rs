//! Operators that compute each output element from the input elements at the same place.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

use tachy_graph::op::elementwise::{Binary, Compare, Unary, Variadic};
use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;
use crate::element::Element;

pub(super) fn unary(cx: &Context<'_>, op: Unary) -> Result<Array> {
    let x = cx.input(0)?;
    if op == Unary::Identity {
        return Ok(x.clone());
    }
    cx.expect_numbers()?;
    let s = cx.stream;
    let number = |value: f64| cx.number(value, x);
    match op {
        Unary::Abs => s.abs(x),
        Unary::Neg => s.negative(x),
        Unary::Sign if x.element().is_float() => s.select(&s.isnan(x)?, x, &s.sign(x)?),
        Unary::Sign => s.sign(x),
        Unary::Floor => s.floor(x),
        Unary::Ceil => s.ceil(x),
        Unary::Round => s.round(x),
        Unary::Sqrt => s.sqrt(x),
        Unary::Reciprocal => s.reciprocal(x),
        Unary::Exp => s.exp(x),
        Unary::Log => s.log(x),
        Unary::Erf => s.erf(x),
        Unary::Sin => s.sin(x),
        Unary::Cos => s.cos(x),
        Unary::Tan => s.tan(x),
        Unary::Asin => s.arcsin(x),
        Unary::Acos => s.arccos(x),
        Unary::Atan => s.arctan(x),
        Unary::Sinh => s.sinh(x),
        Unary::Cosh => s.cosh(x),
        Unary::Tanh => s.tanh(x),
        Unary::Asinh => s.arcsinh(x),
        Unary::Acosh => s.arccosh(x),
        Unary::Atanh => s.arctanh(x),
        Unary::Relu => s.maximum(x, &number(0.0)?),
        Unary::Sigmoid => s.sigmoid(x),
        Unary::Softplus => softplus(cx, x),
        Unary::Softsign => s.divide(x, &s.add(&s.abs(x)?, &number(1.0)?)?),
        Unary::HardSwish => s.multiply(x, &hard_sigmoid(cx, x, 1.0 / 6.0, 0.5)?),
        Unary::Mish => s.multiply(x, &s.tanh(&softplus(cx, x)?)?),
        Unary::Gelu { tanh } => {
            let inner = if tanh {
                let cube = s.multiply(&s.square(x)?, x)?;
                let sum = s.add(x, &s.multiply(&cube, &number(0.044_715)?)?)?;
                s.tanh(&s.multiply(&sum, &number(FRAC_2_PI.sqrt())?)?)?
            } else {
                s.erf(&s.multiply(x, &number(FRAC_1_SQRT_2)?)?)?
            };
            let half = s.multiply(x, &number(0.5)?)?;
            s.multiply(&half, &s.add(&inner, &number(1.0)?)?)
        }
        Unary::Swish { alpha: 1.0 } => s.multiply(x, &s.sigmoid(x)?),
        Unary::Swish { alpha } => {
            s.multiply(x, &s.sigmoid(&s.multiply(x, &number(alpha.into())?)?)?)
        }
        Unary::LeakyRelu { alpha } => positive_or(cx, x, &s.multiply(x, &number(alpha.into())?)?),
        Unary::Elu { alpha } => elu(cx, x, alpha.into()),
        Unary::Selu { alpha, gamma } => {
            s.multiply(&elu(cx, x, alpha.into())?, &number(gamma.into())?)
        }
        Unary::Celu { alpha } => {
            let alpha = number(alpha.into())?;
            let below = s.multiply(&s.expm1(&s.divide(x, &alpha)?)?, &alpha)?;
            let zero = number(0.0)?;
            s.add(&s.maximum(x, &zero)?, &s.minimum(&below, &zero)?)
        }
        Unary::HardSigmoid { alpha, beta } => hard_sigmoid(cx, x, alpha.into(), beta.into()),
        Unary::ThresholdedRelu { alpha } => {
            s.select(&s.greater(x, &number(alpha.into())?)?, x, &number(0.0)?)
        }
        Unary::Shrink { bias, lambda } => {
            let (bias, lambda, zero) = (number(bias.into())?, number(lambda.into())?, number(0.0)?);
            let low = s.less(x, &s.negative(&lambda)?)?;
            let inner = s.select(&low, &s.add(x, &bias)?, &zero)?;
            s.select(&s.greater(x, &lambda)?, &s.subtract(x, &bias)?, &inner)
        }
        Unary::Not => s.logical_not(x),
        Unary::BitwiseNot => s.bitwise_invert(x),
        Unary::IsNaN => s.isnan(x),
        Unary::IsInf { negative, positive } => match (negative, positive) {
            (true, true) => s.logical_or(&s.isneginf(x)?, &s.isposinf(x)?),
            (true, false) => s.isneginf(x),
            (false, true) => s.isposinf(x),
            (false, false) => s.full(&x.shape(), 0.0, Element::Bool),
        },
        _ => Err(cx.unsupported("MLX has no such function")),
    }
}

fn softplus(cx: &Context<'_>, x: &Array) -> Result<Array> {
    cx.stream.logaddexp(x, &cx.number(0.0, x)?)
}

pub(super) fn hard_sigmoid(cx: &Context<'_>, x: &Array, alpha: f64, beta: f64) -> Result<Array> {
    let s = cx.stream;
    let line = s.add(&s.multiply(x, &cx.number(alpha, x)?)?, &cx.number(beta, x)?)?;
    s.minimum(&s.maximum(&line, &cx.number(0.0, x)?)?, &cx.number(1.0, x)?)
}

/// x for x ≥ 0, α(eˣ − 1) below.
pub(super) fn elu(cx: &Context<'_>, x: &Array, alpha: f64) -> Result<Array> {
    let s = cx.stream;
    positive_or(cx, x, &s.multiply(&s.expm1(x)?, &cx.number(alpha, x)?)?)
}

/// x for x ≥ 0, another array below.
fn positive_or(cx: &Context<'_>, x: &Array, other: &Array) -> Result<Array> {
    let s = cx.stream;
    s.select(&s.greater_equal(x, &cx.number(0.0, x)?)?, x, other)
}

pub(super) fn binary(cx: &Context<'_>, op: Binary) -> Result<Array> {
    cx.expect_numbers()?;
    let (a, b) = (cx.input(0)?, cx.input(1)?);
    let s = cx.stream;
    let floats = a.element().is_float();
    match op {
        Binary::Add => s.add(a, b),
        Binary::Sub => s.subtract(a, b),
        Binary::Mul => s.multiply(a, b),
        Binary::Div if floats => s.divide(a, b),
        Binary::Div => integer_quotient(cx, a, b),
        Binary::Pow => power(cx, a, b),
        Binary::Mod if floats => s.remainder(a, b),
        Binary::Mod => {
            let (safe, zero) = divisor(cx, b)?;
            s.select(&zero, &cx.number(0.0, a)?, &s.remainder(a, &safe)?)
        }
        Binary::Fmod if floats => {
            let rest = s.remainder(&s.abs(a)?, &s.abs(b)?)?;
            s.select(&s.less(a, &cx.number(0.0, a)?)?, &s.negative(&rest)?, &rest)
        }
        Binary::Fmod => {
            let quotient = integer_quotient(cx, a, b)?;
            let rest = s.subtract(a, &s.multiply(&quotient, b)?)?;
            let zero = cx.number(0.0, a)?;
            s.select(&s.equal(b, &zero)?, &zero, &rest)
        }
        Binary::PRelu => positive_or(cx, a, &s.multiply(a, b)?),
        Binary::And => s.logical_and(a, b),
        Binary::Or => s.logical_or(a, b),
        Binary::Xor => s.not_equal(a, b),
        Binary::BitwiseAnd => s.bitwise_and(a, b),
        Binary::BitwiseOr => s.bitwise_or(a, b),
        Binary::BitwiseXor => s.bitwise_xor(a, b),
        Binary::ShiftLeft | Binary::ShiftRight => shift(cx, a, b, op == Binary::ShiftLeft),
        _ => Err(cx.unsupported("MLX has no such function")),
    }
}

/// A divisor that the processor survives, and where it was zero. Dividing by −1 overflows for the least number, so
/// divisors of −1 are left to the caller where the quotient matters.
fn divisor(cx: &Context<'_>, b: &Array) -> Result<(Array, Array)> {
    let s = cx.stream;
    let one = cx.number(1.0, b)?;
    let zero = s.equal(b, &cx.number(0.0, b)?)?;
    let mut bad = zero.clone();
    if is_signed(b.element()) {
        bad = s.logical_or(&bad, &s.equal(b, &cx.number(-1.0, b)?)?)?;
    }
    Ok((s.select(&bad, &one, b)?, zero))
}

fn integer_quotient(cx: &Context<'_>, a: &Array, b: &Array) -> Result<Array> {
    let s = cx.stream;
    let (safe, zero) = divisor(cx, b)?;
    let mut quotient = s.floor_divide(a, &safe)?;
    if is_signed(a.element()) {
        // What is left has the sign of the divisor where it was rounded down; truncated, it has that of the dividend.
        let nothing = cx.number(0.0, a)?;
        let rest = s.subtract(a, &s.multiply(&quotient, &safe)?)?;
        let apart = s.not_equal(&s.less(&rest, &nothing)?, &s.less(a, &nothing)?)?;
        let rounded = s.logical_and(&apart, &s.not_equal(&rest, &nothing)?)?;
        quotient = s.add(&quotient, &s.cast(&rounded, a.element())?)?;
        let minus = s.equal(b, &cx.number(-1.0, b)?)?;
        quotient = s.select(&minus, &s.negative(a)?, &quotient)?;
    }
    s.select(&zero, &cx.number(0.0, a)?, &quotient)
}

fn is_signed(element: Element) -> bool {
    matches!(element, Element::I8 | Element::I16 | Element::I32 | Element::I64)
}

/// aᵇ of a's type.
fn power(cx: &Context<'_>, a: &Array, b: &Array) -> Result<Array> {
    let s = cx.stream;
    if a.element().is_float() {
        return s.power(a, &s.cast(b, a.element())?);
    }
    if b.element().is_float() {
        let power = s.power(&s.cast(a, b.element())?, b)?;
        return s.cast(&power, a.element());
    }
    let b = s.cast(b, a.element())?;
    if !is_signed(a.element()) {
        return s.power(a, &b);
    }
    // Negative powers of integers are 0, but for 1 and −1; MLX does not end with them.
    let (zero, one) = (cx.number(0.0, a)?, cx.number(1.0, a)?);
    let negative = s.less(&b, &zero)?;
    let unit = s.equal(&s.abs(a)?, &one)?;
    let exponent = s.select(&negative, &s.select(&unit, &s.negative(&b)?, &one)?, &b)?;
    let power = s.power(a, &exponent)?;
    s.select(&s.logical_and(&negative, &s.logical_not(&unit)?)?, &zero, &power)
}

fn shift(cx: &Context<'_>, a: &Array, b: &Array, left: bool) -> Result<Array> {
    let s = cx.stream;
    let bits = cx.ty(0)?.dtype.bits() as f64;
    let zero = cx.number(0.0, a)?;
    let mut within = s.less(b, &cx.number(bits, b)?)?;
    if is_signed(b.element()) {
        within = s.logical_and(&within, &s.greater_equal(b, &zero)?)?;
    }
    let by = s.select(&within, b, &zero)?;
    let shifted = if left { s.left_shift(a, &by)? } else { s.right_shift(a, &by)? };
    let beyond = if left || !is_signed(a.element()) {
        zero
    } else {
        s.select(&s.less(a, &zero)?, &cx.number(-1.0, a)?, &zero)?
    };
    s.select(&within, &shifted, &beyond)
}

pub(super) fn compare(cx: &Context<'_>, op: Compare) -> Result<Array> {
    cx.expect_numbers()?;
    let (a, b) = (cx.input(0)?, cx.input(1)?);
    let s = cx.stream;
    match op {
        Compare::Equal => s.equal(a, b),
        Compare::Greater => s.greater(a, b),
        Compare::GreaterOrEqual => s.greater_equal(a, b),
        Compare::Less => s.less(a, b),
        Compare::LessOrEqual => s.less_equal(a, b),
    }
}

pub(super) fn variadic(cx: &Context<'_>, op: Variadic) -> Result<Array> {
    cx.expect_numbers()?;
    let s = cx.stream;
    let mut result = cx.input(0)?.clone();
    for index in 1..cx.inputs.len() {
        let next = cx.input(index)?;
        result = match op {
            Variadic::Sum | Variadic::Mean => s.add(&result, next)?,
            Variadic::Min => s.minimum(&result, next)?,
            Variadic::Max => s.maximum(&result, next)?,
        };
    }
    if op == Variadic::Mean {
        result = s.divide(&result, &cx.number(cx.inputs.len() as f64, &result)?)?;
    }
    Ok(result)
}

pub(super) fn clip(cx: &Context<'_>) -> Result<Array> {
    cx.expect_numbers()?;
    let s = cx.stream;
    let mut x = cx.input(0)?.clone();
    if let Some(least) = cx.optional(1) {
        x = s.maximum(&x, &s.reshape(least, &[])?)?;
    }
    if let Some(most) = cx.optional(2) {
        x = s.minimum(&x, &s.reshape(most, &[])?)?;
    }
    Ok(x)
}
