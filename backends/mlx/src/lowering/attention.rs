//! Attention over sequences.

use tachy_graph::op::attention::{Attention, AttentionScores, LinearAttention, RotaryEmbedding};
use tachy_runtime::Result;

use super::context::Context;
use super::indexing::places;
use crate::array::Array;
use crate::element::Element;

pub(super) fn attention(cx: &Context<'_>, op: &Attention) -> Result<Vec<Array>> {
    let s = cx.stream;
    let q = cx.input(0)?;
    let join = |past: usize, new: usize| match cx.optional(past) {
        Some(past) => s.concatenate(&[past.clone(), cx.input(new)?.clone()], 2),
        None => Ok(cx.input(new)?.clone()),
    };
    let (keys, values) = (join(4, 1)?, join(5, 2)?);
    let (q_shape, k_shape, v_shape) = (q.shape(), keys.shape(), values.shape());
    let earlier = k_shape[2] - cx.shape(1)?[2];
    let limited = op.left_window.is_some() || op.right_window.is_some();
    let plain = op.softcap == 0.0 && op.scores.is_none() && cx.optional(6).is_none() && !limited;
    let mask = cx.optional(3);
    let fused = plain
        && q_shape[3] == v_shape[3]
        && q.element() == values.element()
        && q.element() != Element::F64
        && mask.is_none()
        && (!op.causal || (earlier == 0 && q_shape[2] == k_shape[2]));
    let y = if fused {
        vec![s.attention(q, &keys, &values, op.scale, None, op.causal)?]
    } else {
        composed(cx, op, &keys, &values, earlier)?
    };
    let mut y = y.into_iter();
    let mut outputs: Vec<Array> = y.next().into_iter().collect();
    if op.present {
        outputs.extend([keys, values]);
    }
    outputs.extend(y);
    Ok(outputs)
}

/// The output, and the scores if they are asked for.
fn composed(
    cx: &Context<'_>,
    op: &Attention,
    keys: &Array,
    values: &Array,
    earlier: usize,
) -> Result<Vec<Array>> {
    let s = cx.stream;
    let q = cx.input(0)?;
    let q_shape = q.shape();
    let [batch, heads, queries, _] = q_shape[..] else {
        return Err(cx.unsupported("the queries have no four dimensions"));
    };
    let (groups, count) = (keys.shape()[1], keys.shape()[2]);
    // Query heads that share keys see them side by side.
    let shared = |x: &Array| {
        let shape = x.shape();
        let each = heads / groups;
        if each == 1 {
            return Ok(x.clone());
        }
        let apart = s.reshape(x, &[batch, groups, 1, shape[2], shape[3]])?;
        let spread = s.broadcast_to(&apart, &[batch, groups, each, shape[2], shape[3]])?;
        s.reshape(&spread, &[batch, heads, shape[2], shape[3]])
    };
    let (keys, values) = (shared(keys)?, shared(values)?);
    let scaled = s.multiply(q, &cx.number(op.scale.into(), q)?)?;
    let mut scores = s.matmul(&scaled, &s.transpose(&keys, &[0, 1, 3, 2])?)?;
    let mut kept = None;
    let mut keep = |stage: AttentionScores, scores: &Array| {
        if op.scores == Some(stage) {
            kept = Some(scores.clone());
        }
    };
    keep(AttentionScores::Products, &scores);
    if op.softcap > 0.0 {
        let cap = cx.number(op.softcap.into(), &scores)?;
        scores = s.multiply(&s.tanh(&s.divide(&scores, &cap)?)?, &cap)?;
    }
    keep(AttentionScores::Capped, &scores);
    let bias = bias(cx, op, [batch, queries, count], earlier, &scores)?;
    if let Some(bias) = &bias {
        scores = s.add(&scores, bias)?;
    }
    keep(AttentionScores::Masked, &scores);
    let mut shares = s.softmax(&scores, 3)?;
    if let Some(bias) = &bias {
        // A query that sees no key at all gets zeros.
        let least = cx.number(f64::NEG_INFINITY, bias)?;
        let blind = s.all(&s.equal(bias, &least)?, &[bias.shape().len() - 1], true)?;
        shares = s.select(&blind, &cx.number(0.0, &shares)?, &shares)?;
    }
    keep(AttentionScores::Shares, &shares);
    let y = s.matmul(&shares, &s.cast(&values, shares.element())?)?;
    Ok(std::iter::once(y).chain(kept).collect())
}

/// What is added to the scores, if anything.
fn bias(
    cx: &Context<'_>,
    op: &Attention,
    [batch, queries, count]: [usize; 3],
    earlier: usize,
    scores: &Array,
) -> Result<Option<Array>> {
    let s = cx.stream;
    let (zero, least) = (cx.number(0.0, scores)?, cx.number(f64::NEG_INFINITY, scores)?);
    let mut bias = match cx.optional(3) {
        Some(mask) => {
            let mut mask = if mask.element() == Element::Bool {
                s.select(mask, &zero, &least)?
            } else {
                s.cast(mask, scores.element())?
            };
            let shape = mask.shape();
            let last = shape.len() - 1;
            if shape[last] < count && shape[last] != 1
                || (shape[last] == 1 && count > 1 && last == 0)
            {
                let mut high = vec![0; shape.len()];
                high[last] = count - shape[last];
                mask = s.pad(&mask, &vec![0; shape.len()], &high, &least)?;
            }
            Some(mask)
        }
        None => None,
    };
    let range = |size: usize, shape: &[usize]| {
        s.reshape(&s.arange(0.0, size as f64, 1.0, Element::I32)?, shape)
    };
    let key = range(count, &[1, 1, 1, count])?;
    let lengths = match cx.optional(6) {
        Some(lengths) => Some(s.reshape(&s.cast(lengths, Element::I32)?, &[batch, 1, 1, 1])?),
        None => None,
    };
    let offset = match &lengths {
        // The last query's place is the last key that is not padding.
        Some(lengths) => {
            let offset = s.subtract(lengths, &cx.number(queries as f64, lengths)?)?;
            s.maximum(&offset, &cx.number(f64::from(i32::MIN), lengths)?)?
        }
        None => cx.scalar(earlier as f64, Element::I32)?,
    };
    let place = s.add(&range(queries, &[1, 1, queries, 1])?, &offset)?;
    let mut seen: Option<Array> = None;
    let mut also = |condition: Array| -> Result<()> {
        seen = Some(match seen.take() {
            Some(seen) => s.logical_and(&seen, &condition)?,
            None => condition,
        });
        Ok(())
    };
    if let Some(lengths) = &lengths {
        also(s.less(&key, lengths)?)?;
    }
    if op.causal {
        also(s.less_equal(&key, &place)?)?;
    }
    let moved = |by: f64| s.add(&place, &cx.number(by, &place)?);
    if let Some(window) = op.left_window {
        also(s.greater_equal(&key, &moved(-(window as f64))?)?)?;
    }
    if let Some(window) = op.right_window {
        also(s.less_equal(&key, &moved(window as f64)?)?)?;
    }
    if let Some(seen) = seen {
        let hidden = s.select(&seen, &zero, &least)?;
        bias = Some(match bias {
            Some(bias) => s.add(&bias, &hidden)?,
            None => hidden,
        });
    }
    Ok(bias)
}

pub(super) fn rotary(cx: &Context<'_>, op: &RotaryEmbedding) -> Result<Array> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let [batch, heads, steps, size] = x.shape()[..] else {
        return Err(cx.unsupported("the input has no four dimensions"));
    };
    let half = op.size / 2;
    let table = |index: usize| {
        let table = cx.input(index)?;
        let picked = match cx.optional(3) {
            Some(positions) => s.take(table, &places(cx, positions, table.shape()[0])?, 0)?,
            None => table.clone(),
        };
        s.reshape(&picked, &[batch, 1, steps, half])
    };
    let (cosines, sines) = (table(1)?, table(2)?);
    let turned = s.narrow(x, 3, 0, op.size)?;
    let (first, second) = if op.interleaved {
        let pairs = s.reshape(&turned, &[batch, heads, steps, half, 2])?;
        let part = |index| s.reshape(&s.narrow(&pairs, 4, index, 1)?, &[batch, heads, steps, half]);
        (part(0)?, part(1)?)
    } else {
        (s.narrow(&turned, 3, 0, half)?, s.narrow(&turned, 3, half, half)?)
    };
    let real = s.subtract(&s.multiply(&first, &cosines)?, &s.multiply(&second, &sines)?)?;
    let imaginary = s.add(&s.multiply(&first, &sines)?, &s.multiply(&second, &cosines)?)?;
    let turned = if op.interleaved {
        let apart = |x: &Array| s.reshape(x, &[batch, heads, steps, half, 1]);
        let pairs = s.concatenate(&[apart(&real)?, apart(&imaginary)?], 4)?;
        s.reshape(&pairs, &[batch, heads, steps, op.size])?
    } else {
        s.concatenate(&[real, imaginary], 3)?
    };
    if op.size == size {
        return Ok(turned);
    }
    s.concatenate(&[turned, s.narrow(x, 3, op.size, size - op.size)?], 3)
}

/// Attention without softmax, written step by step.
pub(super) fn linear(cx: &Context<'_>, op: &LinearAttention) -> Result<Vec<Array>> {
    let s = cx.stream;
    let [batch, steps, _] = cx.shape(0)?[..] else {
        return Err(cx.unsupported("the queries have no three dimensions"));
    };
    let (groups, shared) = (op.groups, op.heads / op.groups);
    let state_shape = cx.output(1).shape.clone();
    let (size, width) = (state_shape[2], state_shape[3]);
    let element = if cx.input(0)?.element() == Element::F64 { Element::F64 } else { Element::F32 };
    // `[batch, groups, …]` of one step.
    let at = |index: usize, step: usize, shape: &[usize]| {
        let Some(x) = cx.optional(index) else { return Ok(None) };
        let shape = [&[batch], shape].concat();
        s.reshape(&s.cast(&s.narrow(x, 1, step, 1)?, element)?, &shape).map(Some)
    };
    let needed = |x: Option<Array>| x.ok_or_else(|| cx.unsupported("an input is missing"));
    let mut state = match cx.optional(3) {
        Some(past) => s.cast(past, element)?,
        None => s.full(&state_shape, 0.0, element)?,
    };
    let scale = cx.scalar(op.scale.into(), element)?;
    let mut outputs = Vec::with_capacity(steps);
    for step in 0..steps {
        let queries = needed(at(0, step, &[groups, shared, size])?)?;
        let keys = needed(at(1, step, &[groups, 1, size])?)?;
        let mut update = needed(at(2, step, &[groups, 1, width])?)?;
        if cx.optional(4).is_some() {
            // One for the group, or one for each of its key's elements.
            let rows = if cx.shape(4)?[2] == groups { 1 } else { size };
            let decay = needed(at(4, step, &[groups, rows, 1])?)?;
            state = s.multiply(&state, &s.exp(&decay)?)?;
        }
        if cx.optional(5).is_some() {
            let rates = cx.shape(5)?[2];
            let rate = needed(at(5, step, &[rates, 1, 1])?)?;
            update = s.multiply(&rate, &s.subtract(&update, &s.matmul(&keys, &state)?)?)?;
        }
        let turned = s.transpose(&keys, &[0, 1, 3, 2])?;
        state = s.add(&state, &s.multiply(&turned, &update)?)?;
        let y = s.multiply(&scale, &s.matmul(&queries, &state)?)?;
        outputs.push(s.reshape(&y, &[batch, 1, op.heads * width])?);
    }
    let y = match outputs.is_empty() {
        true => s.full(&cx.output(0).shape, 0.0, element)?,
        false => s.concatenate(&outputs, 1)?,
    };
    Ok(vec![y, state])
}
