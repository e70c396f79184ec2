//! Normalisation.

use tachy_graph::op::normalization::{
    BatchNormalization, LayerNormalization, LocalResponseNormalization, LpNormalization,
    MeanVarianceNormalization, RmsNormalization,
};
use tachy_runtime::Result;

use super::context::Context;
use super::convolution::per_channel;
use crate::array::Array;
use crate::element::Element;

/// One number for each channel, as it is broadcast to the input.
fn channels(cx: &Context<'_>, parameter: &Array) -> Result<Array> {
    let count = parameter.shape().iter().product();
    let rank = cx.shape(0)?.len();
    if rank < 2 {
        Ok(parameter.clone())
    } else {
        cx.stream.reshape(parameter, &per_channel(count, rank))
    }
}

pub(super) fn batch(cx: &Context<'_>, op: &BatchNormalization) -> Result<Vec<Array>> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let factor = |variance: &Array| {
        let deviation = s.rsqrt(&s.add(variance, &cx.number(op.epsilon.into(), variance)?)?)?;
        s.multiply(&s.cast(cx.input(1)?, variance.element())?, &deviation)
    };
    let summand = |factor: &Array, mean: &Array| {
        s.subtract(&s.cast(cx.input(2)?, factor.element())?, &s.multiply(mean, factor)?)
    };
    let apply = |factor: &Array, summand: &Array| {
        s.add(&s.multiply(x, &channels(cx, factor)?)?, &channels(cx, summand)?)
    };
    if !op.training {
        let factor = cx.derive(0, &[1, 4], || factor(cx.input(4)?))?;
        let summand = cx.derive(1, &[1, 2, 3, 4], || summand(&factor, cx.input(3)?))?;
        return Ok(vec![apply(&factor, &summand)?]);
    }
    let axes: Vec<usize> = (0..x.shape().len()).filter(|axis| *axis != 1).collect();
    let (mean, variance) = (s.mean(x, &axes, false)?, s.variance(x, &axes, false)?);
    let factor = factor(&variance)?;
    let y = apply(&factor, &summand(&factor, &mean)?)?;
    let running = |old: &Array, new: &Array| {
        let (kept, fresh) = (f64::from(op.momentum), 1.0 - f64::from(op.momentum));
        s.add(&s.multiply(old, &cx.number(kept, old)?)?, &s.multiply(new, &cx.number(fresh, new)?)?)
    };
    Ok(vec![y, running(cx.input(3)?, &mean)?, running(cx.input(4)?, &variance)?])
}

pub(super) fn groups(cx: &Context<'_>, groups: usize, epsilon: f32) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let shape = x.shape();
    let inner = shape.iter().product::<usize>() / (shape[0] * groups).max(1);
    let rows = s.reshape(x, &[shape[0], groups, inner])?;
    let rows = s.reshape(&s.layer_norm(&rows, None, None, epsilon)?, &shape)?;
    s.add(&s.multiply(&rows, &channels(cx, cx.input(1)?)?)?, &channels(cx, cx.input(2)?)?)
}

/// The input as rows of what is normalised together, and a parameter as one row if it is one.
fn rows(cx: &Context<'_>, x: &Array, axis: usize) -> Result<Array> {
    let shape = x.shape();
    let inner = shape[axis..].iter().product();
    cx.stream.reshape(x, &[shape[..axis].iter().product(), inner])
}

/// A parameter as one row, if it has one element for each that is normalised together.
fn row(cx: &Context<'_>, parameter: &Array, inner: &[usize]) -> Result<Option<Array>> {
    let shape = parameter.shape();
    let size: usize = inner.iter().product();
    let own: Vec<usize> = shape.iter().copied().skip_while(|size| *size == 1).collect();
    let expected: Vec<usize> = inner.iter().copied().skip_while(|size| *size == 1).collect();
    if own != expected {
        return Ok(None);
    }
    cx.stream.reshape(parameter, &[size]).map(Some)
}

pub(super) fn layer(cx: &Context<'_>, op: &LayerNormalization) -> Result<Vec<Array>> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let shape = x.shape();
    let inner = &shape[op.axis..];
    let flat = rows(cx, x, op.axis)?;
    let scale = row(cx, cx.input(1)?, inner)?;
    let bias = cx.optional(2).map(|bias| row(cx, bias, inner)).transpose()?;
    let mut outputs = Vec::new();
    let y = match (&scale, &bias) {
        (Some(scale), None) => s.layer_norm(&flat, Some(scale), None, op.epsilon)?,
        (Some(scale), Some(Some(bias))) => {
            s.layer_norm(&flat, Some(scale), Some(bias), op.epsilon)?
        }
        _ => {
            let y = s.reshape(&s.layer_norm(&flat, None, None, op.epsilon)?, &shape)?;
            let y = s.multiply(&y, cx.input(1)?)?;
            match cx.optional(2) {
                Some(bias) => s.add(&y, bias)?,
                None => y,
            }
        }
    };
    outputs.push(s.reshape(&y, &shape)?);
    if op.statistics {
        let wide = s.cast(&flat, Element::of(op.statistics_dtype))?;
        let mean = s.mean(&wide, &[1], true)?;
        let variance = s.variance(&wide, &[1], true)?;
        let deviation = s.rsqrt(&s.add(&variance, &cx.number(op.epsilon.into(), &wide)?)?)?;
        outputs.push(s.reshape(&mean, &cx.output(1).shape)?);
        outputs.push(s.reshape(&deviation, &cx.output(2).shape)?);
    }
    Ok(outputs)
}

pub(super) fn root_mean_square(cx: &Context<'_>, op: &RmsNormalization) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let shape = x.shape();
    let flat = rows(cx, x, op.axis)?;
    match row(cx, cx.input(1)?, &shape[op.axis..])? {
        Some(scale) if scale.element() == x.element() => {
            s.reshape(&s.rms_norm(&flat, Some(&scale), op.epsilon)?, &shape)
        }
        _ => {
            let y = s.reshape(&s.rms_norm(&flat, None, op.epsilon)?, &shape)?;
            s.multiply(&y, cx.input(1)?)
        }
    }
}

pub(super) fn local_response(cx: &Context<'_>, op: &LocalResponseNormalization) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let shape = x.shape();
    let before = (op.size - 1) / 2;
    let (mut low, mut high) = (vec![0; shape.len()], vec![0; shape.len()]);
    (low[1], high[1]) = (before, op.size - 1 - before);
    let squares = s.pad(&s.square(x)?, &low, &high, &cx.number(0.0, x)?)?;
    let mut sum = s.narrow(&squares, 1, 0, shape[1])?;
    for start in 1..op.size {
        sum = s.add(&sum, &s.narrow(&squares, 1, start, shape[1])?)?;
    }
    let share = f64::from(op.alpha) / op.size as f64;
    let base = s.add(&s.multiply(&sum, &cx.number(share, x)?)?, &cx.number(op.bias.into(), x)?)?;
    s.divide(x, &s.power(&base, &cx.number(op.beta.into(), x)?)?)
}

pub(super) fn to_norm_one(cx: &Context<'_>, op: &LpNormalization) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let norm = if op.p == 1 {
        s.sum(&s.abs(x)?, &[op.axis], true)?
    } else {
        s.sqrt(&s.sum(&s.square(x)?, &[op.axis], true)?)?
    };
    let zero = s.equal(&norm, &cx.number(0.0, x)?)?;
    let quotient = s.divide(x, &s.select(&zero, &cx.number(1.0, x)?, &norm)?)?;
    s.select(&zero, &cx.number(0.0, x)?, &quotient)
}

pub(super) fn mean_variance(cx: &Context<'_>, op: &MeanVarianceNormalization) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let centred = s.subtract(x, &s.mean(x, &op.axes, true)?)?;
    let deviation = s.sqrt(&s.mean(&s.square(&centred)?, &op.axes, true)?)?;
    s.divide(&centred, &s.add(&deviation, &cx.number(1e-9, x)?)?)
}
