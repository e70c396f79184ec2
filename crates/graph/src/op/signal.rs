//! Spectra.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use super::slicing::check_axis;
use crate::shape::TensorType;

/// The discrete Fourier transform along one dimension.
///
/// Input `[…, n, …, 1]` (real) or `[…, n, …, 2]` (real and imaginary part), output of the same rank, with
/// `length` in place of n, or ⌊length / 2⌋ + 1 for the first half of a real signal's spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dft {
    /// The dimension; not the last.
    pub axis: usize,
    /// The length of the transform; the input is cut or padded with zeros to it.
    pub length: usize,
    /// Which way, and which part.
    pub kind: DftKind,
}

/// Which way a [`Dft`] goes, and which part of the result it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DftKind {
    /// Xₖ = Σ xₙ e^(−2πikn/N).
    Forward,
    /// As `Forward`, for a real signal: the first ⌊N / 2⌋ + 1 values.
    ForwardOneSided,
    /// xₙ = 1/N · Σ Xₖ e^(2πikn/N).
    Inverse,
    /// As `Inverse`, from the first ⌊N / 2⌋ + 1 values of a real signal's spectrum to the signal `[…, N, …, 1]`.
    InverseOneSided,
}

impl Operator for Dft {
    fn name(&self) -> &'static str {
        "DFT"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "input")?;
        expect_dtype(input, input.dtype.is_float(), "floats")?;
        check_axis(self.axis, input)?;
        let last = input.rank() - 1;
        let parts = input.shape[last];
        let (size, parts_out) = match self.kind {
            DftKind::Forward | DftKind::Inverse => (self.length, 2),
            DftKind::ForwardOneSided => (self.length / 2 + 1, 2),
            DftKind::InverseOneSided => (self.length, 1),
        };
        let parts_fit = match self.kind {
            DftKind::Forward | DftKind::Inverse => matches!(parts, 1 | 2),
            DftKind::ForwardOneSided => parts == 1,
            DftKind::InverseOneSided => parts == 2,
        };
        if self.axis == last || !parts_fit || self.length == 0 {
            return Err(InferError(format!(
                "{input} has no {:?} transform of length {} along axis {}",
                self.kind, self.length, self.axis
            )));
        }
        let mut shape = input.shape.clone();
        shape[self.axis] = size;
        shape[last] = parts_out;
        Ok(vec![TensorType::new(input.dtype, shape)])
    }
}

/// The short-time Fourier transform.
///
/// Inputs: the signal `[batch, n, 1]` or `[batch, n, 2]`, and optionally a window of `frame_length`.
/// Output `[batch, frames, bins, 2]`: the spectrum of each frame, weighted with the window; frames begin
/// `frame_step` apart and lie within the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stft {
    /// Samples from the start of one frame to that of the next.
    pub frame_step: usize,
    /// Samples in a frame.
    pub frame_length: usize,
    /// Whether only the first ⌊`frame_length` / 2⌋ + 1 bins are given; then the signal must be real.
    pub onesided: bool,
}

impl Operator for Stft {
    fn name(&self) -> &'static str {
        "STFT"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let signal = inputs.required(0, "signal")?;
        inputs.same_dtype()?;
        expect_dtype(signal, signal.dtype.is_float(), "floats")?;
        let Self { frame_step, frame_length, onesided } = *self;
        let (batch, samples) = match signal.shape[..] {
            [batch, samples, 1] => (batch, samples),
            [batch, samples, 2] if !onesided => (batch, samples),
            _ => {
                return Err(InferError(format!(
                    "the signal must be [batch, samples, 1], or [batch, samples, 2] for a two-sided \
                     spectrum, not {signal}"
                )));
            }
        };
        if let Some(window) = inputs.get(1)
            && window.shape != [frame_length]
        {
            return Err(InferError(format!("the window must be [{frame_length}], not {window}")));
        }
        let steps = samples.checked_sub(frame_length).filter(|_| frame_length > 0);
        let frames = steps.and_then(|steps| steps.checked_div(frame_step)).ok_or_else(|| {
            InferError(format!(
                "{signal} does not hold frames of {frame_length} samples, {frame_step} apart"
            ))
        })?;
        let bins = if onesided { frame_length / 2 + 1 } else { frame_length };
        Ok(vec![TensorType::new(signal.dtype, [batch, frames + 1, bins, 2])])
    }
}
