//! Fourier transforms.

use std::sync::Arc;

use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftDirection, FftPlanner};
use tachy_graph::op::signal::{Dft, DftKind, Stft};
use tachy_graph::{TensorView, TensorViewMut};

use super::wide;
use crate::kernel::{FnKernel, Operands, Prepared};
use crate::workers::Workers;

/// Transforms are cut into at most so many pieces of work; each has scratch memory of its own.
const PIECES: usize = 64;

/// Many transforms of one length, with the memory that they take.
struct Transforms {
    fft: Arc<dyn Fft<f64>>,
    length: usize,
    /// Lines in a piece; the last may have fewer.
    lines: usize,
    /// For each piece, its lines and then its scratch.
    memory: Vec<Complex64>,
}

impl Transforms {
    fn new(count: usize, length: usize, direction: FftDirection) -> Self {
        let fft = FftPlanner::new().plan_fft(length, direction);
        let lines = count.div_ceil(PIECES).max(1);
        let scratch = fft.get_inplace_scratch_len();
        let memory = count * length + count.div_ceil(lines) * scratch;
        Self { fft, length, lines, memory: vec![Complex64::default(); memory] }
    }

    fn piece_length(&self) -> usize {
        self.lines * self.length + self.fft.get_inplace_scratch_len()
    }

    /// Lets `fill` write every line, by its number, and transforms them all.
    fn run(&mut self, workers: &Workers, fill: impl Fn(usize, &mut [Complex64]) + Sync + Send) {
        let piece_length = self.piece_length();
        let Self { fft, length, lines, memory } = self;
        let scratch_length = fft.get_inplace_scratch_len();
        workers.for_each_chunk(memory, piece_length, |piece, memory| {
            let (data, scratch) = memory.split_at_mut(memory.len() - scratch_length);
            for (number, line) in data.chunks_exact_mut(*length).enumerate() {
                fill(piece * *lines + number, line);
                fft.process_with_scratch(line, scratch);
            }
        });
    }

    /// A transformed line, by its number.
    fn line(&self, number: usize) -> &[Complex64] {
        let start = number / self.lines * self.piece_length() + number % self.lines * self.length;
        &self.memory[start..][..self.length]
    }
}

pub(super) fn prepare_dft(op: Dft, operands: Operands<'_>) -> Prepared {
    let (input, output) = (operands.input(0), operands.outputs[0]);
    wide::check(input.dtype)?;
    let last = input.rank() - 1;
    let outer: usize = input.shape[..op.axis].iter().product();
    let inner: usize = input.shape[op.axis + 1..last].iter().product();
    let (size, parts) = (input.shape[op.axis], input.shape[last]);
    let (output_size, output_parts) = (output.shape[op.axis], output.shape[last]);
    let (direction, factor) = match op.kind {
        DftKind::Forward | DftKind::ForwardOneSided => (FftDirection::Forward, 1.0),
        DftKind::Inverse | DftKind::InverseOneSided => {
            (FftDirection::Inverse, 1.0 / op.length as f64)
        }
    };
    let mut transforms = Transforms::new(outer * inner, op.length, direction);
    let mut wide_input = vec![0.0; input.shape.iter().product()];
    let mut wide_output = vec![0.0; output.shape.iter().product()];
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            wide::widen(inputs[0].expect("the type rule requires it"), &mut wide_input);
            let input = &wide_input;
            transforms.run(workers, |number, line| {
                let (outer, inner_index) = (number / inner, number % inner);
                let value = |position: usize| match position < size {
                    true => complex(input, (outer * size + position) * inner + inner_index, parts),
                    false => Complex64::default(),
                };
                let length = line.len();
                for (position, slot) in line.iter_mut().enumerate() {
                    *slot = match op.kind {
                        // The other half of a real signal's spectrum is the mirrored conjugate.
                        DftKind::InverseOneSided if position > length / 2 => {
                            value(length - position).conj()
                        }
                        _ => value(position),
                    };
                }
                if op.kind == DftKind::InverseOneSided {
                    // What a real signal's spectrum cannot have.
                    line[0].im = 0.0;
                    if length % 2 == 0 {
                        line[length / 2].im = 0.0;
                    }
                }
            });
            let transforms = &transforms;
            workers.for_each_chunk(&mut wide_output, inner * output_parts, |row, values| {
                let (outer, position) = (row / output_size, row % output_size);
                for (inner_index, value) in values.chunks_exact_mut(output_parts).enumerate() {
                    let result = transforms.line(outer * inner + inner_index)[position] * factor;
                    value.copy_from_slice(&[result.re, result.im][..output_parts]);
                }
            });
            wide::narrow(&wide_output, &mut outputs[0]);
            Ok(())
        },
    )))
}

pub(super) fn prepare_stft(op: Stft, operands: Operands<'_>) -> Prepared {
    let (signal, output) = (operands.input(0), operands.outputs[0]);
    wide::check(signal.dtype)?;
    let (samples, parts) = (signal.shape[1], signal.shape[2]);
    let (batch, frames, bins) = (output.shape[0], output.shape[1], output.shape[2]);
    let mut transforms = Transforms::new(batch * frames, op.frame_length, FftDirection::Forward);
    let mut wide_signal = vec![0.0; signal.shape.iter().product()];
    let mut window = vec![1.0; op.frame_length];
    let mut wide_output = vec![0.0; output.shape.iter().product()];
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            wide::widen(inputs[0].expect("the type rule requires it"), &mut wide_signal);
            if let Some(input) = inputs.get(1).copied().flatten() {
                wide::widen(input, &mut window);
            }
            let (signal, window) = (&wide_signal, &window);
            transforms.run(workers, |number, line| {
                let start = number / frames * samples + number % frames * op.frame_step;
                for (offset, (slot, weight)) in line.iter_mut().zip(window).enumerate() {
                    *slot = complex(signal, start + offset, parts) * *weight;
                }
            });
            let transforms = &transforms;
            workers.for_each_chunk(&mut wide_output, bins * 2, |frame, values| {
                for (value, result) in
                    values.as_chunks_mut().0.iter_mut().zip(transforms.line(frame))
                {
                    *value = [result.re, result.im];
                }
            });
            wide::narrow(&wide_output, &mut outputs[0]);
            Ok(())
        },
    )))
}

/// An element of a tensor whose last dimension holds the real part, and the imaginary part if there is one.
fn complex(values: &[f64], index: usize, parts: usize) -> Complex64 {
    match parts {
        1 => Complex64::new(values[index], 0.0),
        _ => Complex64::new(values[2 * index], values[2 * index + 1]),
    }
}
