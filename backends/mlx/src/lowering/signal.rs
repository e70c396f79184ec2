//! Fourier transforms.

use tachy_graph::op::signal::{Dft, DftKind, Stft};
use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;
use crate::element::Element;

/// Pairs of a real and an imaginary part, in the last dimension, as complex numbers.
fn complex(cx: &Context<'_>, x: &Array) -> Result<Array> {
    let s = cx.stream;
    let shape = x.shape();
    let leading = &shape[..shape.len() - 1];
    if shape[shape.len() - 1] == 1 {
        return s.cast(&s.reshape(x, leading)?, Element::Complex64);
    }
    let pairs = s.view(&s.contiguous(x)?, Element::Complex64)?;
    s.reshape(&pairs, leading)
}

/// Complex numbers as pairs.
fn pairs(cx: &Context<'_>, x: &Array) -> Result<Array> {
    let s = cx.stream;
    let mut shape = x.shape();
    shape.push(1);
    let part = |part: Array| s.reshape(&part, &shape);
    s.concatenate(&[part(s.real(x)?)?, part(s.imag(x)?)?], shape.len() - 1)
}

fn single(cx: &Context<'_>, x: &Array) -> Result<Array> {
    if x.element() == Element::F64 {
        return Err(cx.unsupported("MLX transforms f32, not f64"));
    }
    cx.stream.cast(x, Element::F32)
}

pub(super) fn transform(cx: &Context<'_>, op: &Dft) -> Result<Array> {
    let s = cx.stream;
    let x = single(cx, cx.input(0)?)?;
    let shape = x.shape();
    let is_real = shape[shape.len() - 1] == 1;
    match op.kind {
        DftKind::Forward => pairs(cx, &s.fft(&complex(cx, &x)?, op.length, op.axis)?),
        DftKind::Inverse => pairs(cx, &s.ifft(&complex(cx, &x)?, op.length, op.axis)?),
        DftKind::ForwardOneSided if is_real => {
            let signal = s.reshape(&x, &shape[..shape.len() - 1])?;
            pairs(cx, &s.rfft(&signal, op.length, op.axis)?)
        }
        DftKind::ForwardOneSided => {
            let whole = s.fft(&complex(cx, &x)?, op.length, op.axis)?;
            pairs(cx, &s.narrow(&whole, op.axis, 0, op.length / 2 + 1)?)
        }
        DftKind::InverseOneSided => {
            let signal = s.irfft(&complex(cx, &x)?, op.length, op.axis)?;
            s.reshape(&signal, &cx.output(0).shape)
        }
    }
}

pub(super) fn short_time(cx: &Context<'_>, op: &Stft) -> Result<Array> {
    let s = cx.stream;
    let x = s.contiguous(&single(cx, cx.input(0)?)?)?;
    let shape = x.shape();
    let (samples, parts) = (shape[1], shape[2]);
    let frames = cx.output(0).shape[1];
    let frames = s.as_strided(
        &x,
        &[shape[0], frames, op.frame_length, parts],
        &[samples * parts, op.frame_step * parts, parts, 1],
        0,
    )?;
    let frames = match cx.optional(1) {
        Some(window) => {
            let window = s.reshape(&single(cx, window)?, &[op.frame_length, 1])?;
            s.multiply(&frames, &window)?
        }
        None => frames,
    };
    let whole = s.fft(&complex(cx, &frames)?, op.frame_length, 2)?;
    let bins = if op.onesided { op.frame_length / 2 + 1 } else { op.frame_length };
    pairs(cx, &s.narrow(&whole, 2, 0, bins)?)
}
