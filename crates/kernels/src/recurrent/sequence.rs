//! The run over a sequence.

use std::ops::Range;
use std::sync::atomic::Ordering;

use super::layer::{Cell, Layer};
use super::panels::MOST_SAMPLES;
use super::step::{Group, Step};
use crate::team::Barrier;

/// What goes into a layer.
#[derive(Debug, Clone, Copy)]
pub enum Inputs {
    /// `[steps, samples, gates · hidden]`: W x and the layer's [projection bias](Layer::projection_bias).
    Projected(*const f32),
    /// `[steps, samples, inputs]`, for layers that have been made with W.
    Plain(*const f32),
}

/// Where the hidden states go.
#[derive(Debug, Clone, Copy)]
pub struct Outputs {
    /// The state of the first sample after the first step.
    pub pointer: *mut f32,
    /// Distance between steps in elements.
    pub step_stride: usize,
    /// Distance between samples in elements.
    pub sample_stride: usize,
}

/// Sequences of several samples.
#[derive(Debug, Clone, Copy)]
pub struct Sequence<'a> {
    /// What goes in.
    pub inputs: Inputs,
    /// Steps of the longest sequence.
    pub steps: usize,
    /// Number of sequences.
    pub samples: usize,
    /// The steps of each sequence, none of them above `steps`; without them, all are as long.
    pub lengths: Option<&'a [i32]>,
    /// Whether each sequence is gone through from its end.
    pub reverse: bool,
    /// Where the states after each step go, if anybody asks for them. Beyond a sequence's end they are zero.
    pub outputs: Option<Outputs>,
    /// `[samples, hidden]`: the state before the first step, and after the last one.
    pub state: *mut f32,
    /// As `state`, the cell state of an LSTM; unused for other cells.
    pub memory: *mut f32,
}

// SAFETY: whoever runs over a sequence answers for what is behind its pointers.
unsafe impl Sync for Sequence<'_> {}
// SAFETY: as above.
unsafe impl Send for Sequence<'_> {}

/// What one thread does of a run: some parts of the layer for some samples.
#[derive(Debug, Clone)]
pub(super) struct Portion {
    pub samples: Range<usize>,
    pub parts: Range<usize>,
}

impl Layer {
    /// Runs over the sequences on this thread.
    ///
    /// # Safety
    /// The inputs must be readable and the states and outputs writable, and nothing else may use them meanwhile.
    ///
    /// # Panics
    /// If lengths or scratch memory are too short, a length is not between zero and the number of steps, or plain
    /// inputs are given to a layer that has been made without W.
    pub unsafe fn run(&self, sequence: &Sequence<'_>, scratch: &mut [f32]) {
        let needed = self.scratch_len(sequence.samples);
        assert!(scratch.len() >= needed, "as much scratch memory as scratch_len says");
        self.check(sequence);
        let all = Portion { samples: 0..sequence.samples, parts: 0..self.parts.len() };
        // SAFETY: the caller promises the sequence; there is as much scratch memory.
        unsafe { self.run_portion(sequence, all, &mut Barrier::alone(), scratch.as_mut_ptr()) }
    }

    /// Whether the layer can run over the sequences.
    ///
    /// # Panics
    /// If not.
    pub(super) fn check(&self, sequence: &Sequence<'_>) {
        let Sequence { steps, samples, lengths, inputs, .. } = *sequence;
        let fits = |length: &i32| usize::try_from(*length).is_ok_and(|length| length <= steps);
        assert!(
            lengths.is_none_or(|lengths| lengths.len() >= samples && lengths.iter().all(fits)),
            "a length of at most {steps} for each sample"
        );
        let has_weights = self.parts.iter().all(|part| part.input_weights.is_some());
        assert!(has_weights || matches!(inputs, Inputs::Projected(_)), "a layer made with W");
    }

    /// Does a thread's portion; those that do other parts of the same samples meet it at the barrier.
    ///
    /// # Safety
    /// As for [`run`](Self::run); the sequence must have been checked. There must be as much scratch memory as
    /// [`scratch_len`](Self::scratch_len) says, shared with those at the barrier and with nobody else.
    pub(super) unsafe fn run_portion(
        &self,
        sequence: &Sequence<'_>,
        portion: Portion,
        barrier: &mut Barrier<'_>,
        scratch: *mut f32,
    ) {
        let Sequence { steps, lengths, reverse, outputs, state, .. } = *sequence;
        let hidden = self.description.hidden;
        let Portion { samples, parts } = portion;
        let parts = &self.parts[parts];
        let length = |sample: usize| lengths.map_or(steps, |lengths| lengths[sample] as usize);
        let step = Step::new(self, sequence, scratch);
        // Units are read by all while their own thread writes the next ones: states go to and fro between two places.
        // A part that is alone has read everything before it writes.
        let other = match self.parts.len() {
            1 => state,
            _ => step.exchange().wrapping_sub(samples.start * hidden),
        };
        let mut places = [state, other];
        // A reset gate that goes before the product needs the other units' halfway.
        let halfway = self.description.cell == (Cell::Gru { linear_before_reset: false });
        let mut group = Group::new();
        // A hint for the cache alone, which may be lost.
        let mut backward = self.backward.load(Ordering::Relaxed);
        for now in 0..steps {
            let [from, to] = places;
            for sample in samples.clone() {
                let length = length(sample);
                if now < length {
                    let time = if reverse { length - now - 1 } else { now };
                    group.push(sample, time);
                }
                if group.len() == MOST_SAMPLES || (sample + 1 == samples.end && group.len() > 0) {
                    // SAFETY: the caller promises the sequence and the scratch memory. Nobody else writes these units,
                    // and what others write is read beyond the next barrier.
                    unsafe {
                        for part in parts {
                            step.begin(part, &group, from, to, backward);
                        }
                        if halfway {
                            barrier.wait();
                            for part in parts {
                                step.finish(part, &group, to, backward);
                            }
                            // The next group writes what the others may still read here.
                            barrier.wait();
                        }
                    }
                    group.clear();
                    backward = !backward;
                }
            }
            if !halfway {
                barrier.wait();
            }
            places = [to, from];
        }
        for part in parts {
            if part.units.start == 0 {
                self.backward.store(backward, Ordering::Relaxed);
            }
            for sample in samples.clone() {
                let (length, units) = (length(sample), part.units.len());
                let place = sample * hidden + part.units.start;
                // SAFETY: the caller promises states and outputs; these units are nobody else's.
                unsafe {
                    if length % 2 == 1 && other != state {
                        let last = other.wrapping_add(place);
                        last.copy_to_nonoverlapping(state.add(place), units);
                    }
                    for time in length..steps {
                        if let Some(outputs) = outputs {
                            let to = outputs.at(time, sample).wrapping_add(part.units.start);
                            to.write_bytes(0, units);
                        }
                    }
                }
            }
        }
    }
}

impl Outputs {
    pub(super) fn at(self, time: usize, sample: usize) -> *mut f32 {
        self.pointer.wrapping_add(time * self.step_stride + sample * self.sample_stride)
    }
}
