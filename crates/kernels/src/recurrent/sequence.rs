//! The run over a sequence.

use std::sync::atomic::Ordering;

use super::layer::{Cell, Layer};
use super::panels::MOST_SAMPLES;

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
#[derive(Debug)]
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
    pub state: &'a mut [f32],
    /// As `state`, the cell state of an LSTM; empty for other cells.
    pub memory: &'a mut [f32],
}

impl Layer {
    /// Runs over the sequences.
    ///
    /// # Safety
    /// The inputs must be readable and the outputs writable.
    ///
    /// # Panics
    /// If states, lengths or scratch memory are too short, a length is not between zero and the number of steps, or
    /// plain inputs are given to a layer that has been made without W.
    pub unsafe fn run(&self, sequence: Sequence<'_>, scratch: &mut [f32]) {
        let Sequence { inputs, steps, samples, lengths, reverse, outputs, state, memory } =
            sequence;
        let hidden = self.description.hidden;
        let rows = self.description.cell.gates() * hidden;
        let is_lstm = matches!(self.description.cell, Cell::Lstm { .. });
        assert!(state.len() >= samples * hidden, "a state for each sample");
        assert!(!is_lstm || memory.len() >= samples * hidden, "a cell state for each sample");
        assert!(scratch.len() >= self.scratch_len(), "as much scratch memory as scratch_len says");
        let fits = |length: &i32| usize::try_from(*length).is_ok_and(|length| length <= steps);
        assert!(
            lengths.is_none_or(|lengths| lengths.len() >= samples && lengths.iter().all(fits)),
            "a length of at most {steps} for each sample"
        );
        let length = |sample: usize| lengths.map_or(steps, |lengths| lengths[sample] as usize);
        let mut group = Group::new(scratch, rows);
        // A hint for the cache alone, which may be lost.
        let mut backward = self.backward.load(Ordering::Relaxed);
        for step in 0..steps {
            for sample in 0..samples {
                let length = length(sample);
                if step < length {
                    let time = if reverse { length - step - 1 } else { step };
                    group.push(sample, time);
                }
                if group.count == MOST_SAMPLES || (sample + 1 == samples && group.count > 0) {
                    // SAFETY: the caller promises the inputs and the outputs.
                    unsafe {
                        self.step(inputs, samples, &mut group, state, memory, backward);
                        if let Some(outputs) = outputs {
                            outputs.write(&group, state, hidden);
                        }
                    }
                    group.count = 0;
                    backward = !backward;
                }
            }
        }
        self.backward.store(backward, Ordering::Relaxed);
        if let Some(outputs) = outputs {
            for sample in 0..samples {
                for time in length(sample)..steps {
                    // SAFETY: the caller promises the outputs.
                    unsafe { outputs.at(time, sample).write_bytes(0, hidden) }
                }
            }
        }
    }

    /// One step of a few samples.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    unsafe fn step(
        &self,
        inputs: Inputs,
        samples: usize,
        group: &mut Group<'_>,
        state: &mut [f32],
        memory: &mut [f32],
        backward: bool,
    ) {
        let hidden = self.description.hidden;
        let mut states = [std::ptr::null(); MOST_SAMPLES];
        for (pointer, (sample, _)) in states.iter_mut().zip(&group.members[..group.count]) {
            *pointer = state[sample * hidden..][..hidden].as_ptr();
        }
        let states = &states[..group.count];
        let aside = self.description.cell == (Cell::Gru { linear_before_reset: true });
        // SAFETY: the caller promises the inputs; there are as many states and gates.
        unsafe {
            self.start(inputs, samples, group);
            // The weights are W's and then R's; backward, they come in the opposite order. A reset gate that is applied
            // after the product keeps the two apart.
            if aside {
                self.project(inputs, samples, group, backward);
                self.set_candidates_aside(group);
                self.recurrent.accumulate_samples(
                    states,
                    &group.targets()[..states.len()],
                    backward,
                );
            } else if backward {
                self.recurrent.accumulate_samples(states, &group.targets()[..states.len()], true);
                self.project(inputs, samples, group, true);
            } else {
                self.project(inputs, samples, group, false);
                self.recurrent.accumulate_samples(states, &group.targets()[..states.len()], false);
            }
        }
        for index in 0..group.count {
            let place = group.members[index].0 * hidden;
            let state = &mut state[place..][..hidden];
            match self.description.cell {
                Cell::Lstm { .. } => {
                    self.update_lstm(group.gates(index), state, &mut memory[place..][..hidden]);
                }
                Cell::Gru { .. } => {
                    let (gates, aside) = group.gates_and_aside(index);
                    self.reset_gru(gates, aside, state);
                }
                Cell::Rnn => {
                    let gates = group.gates(index);
                    self.limit().map(self.isa, self.description.functions[0], gates);
                    state.copy_from_slice(gates);
                }
            }
        }
        if !matches!(self.description.cell, Cell::Gru { .. }) {
            return;
        }
        if let Some(candidate) = &self.candidate {
            let (from, to) = group.asides_and_candidates(hidden);
            let count = group.count;
            // SAFETY: there are as many states and gates.
            unsafe { candidate.accumulate_samples(&from[..count], &to[..count], backward) }
        }
        for index in 0..group.count {
            let place = group.members[index].0 * hidden;
            self.update_gru(group.gates(index), &mut state[place..][..hidden]);
        }
    }

    /// The gates before any product: the projected inputs, or the biases.
    ///
    /// # Safety
    /// The inputs must be readable.
    unsafe fn start(&self, inputs: Inputs, samples: usize, group: &mut Group<'_>) {
        let rows = group.rows;
        for index in 0..group.count {
            let (sample, time) = group.members[index];
            let from = match inputs {
                Inputs::Projected(pointer) => {
                    let place = (time * samples + sample) * rows;
                    // SAFETY: as for this function.
                    unsafe { std::slice::from_raw_parts(pointer.add(place), rows) }
                }
                Inputs::Plain(_) => &self.projection_bias,
            };
            group.gates(index).copy_from_slice(from);
        }
    }

    /// Adds the products of plain inputs and W.
    ///
    /// # Safety
    /// The inputs must be readable.
    unsafe fn project(
        &self,
        inputs: Inputs,
        samples: usize,
        group: &mut Group<'_>,
        backward: bool,
    ) {
        let Inputs::Plain(pointer) = inputs else { return };
        let panels = self.input_weights.as_ref().expect("a layer made with W");
        let mut from = [std::ptr::null(); MOST_SAMPLES];
        for (from, (sample, time)) in from.iter_mut().zip(&group.members[..group.count]) {
            *from = pointer.wrapping_add((time * samples + sample) * panels.inputs());
        }
        let (count, to) = (group.count, group.targets());
        // SAFETY: as for this function; there are as many gates.
        unsafe { panels.accumulate_samples(&from[..count], &to[..count], backward) }
    }

    /// Lays the hidden gate's share of W x aside until the reset gate is there.
    fn set_candidates_aside(&self, group: &mut Group<'_>) {
        let hidden = self.description.hidden;
        for index in 0..group.count {
            let (gates, aside) = group.gates_and_aside(index);
            let candidate = &mut gates[2 * hidden..];
            aside.copy_from_slice(candidate);
            candidate.copy_from_slice(&self.candidate_bias);
        }
    }
}

impl Outputs {
    fn at(self, time: usize, sample: usize) -> *mut f32 {
        self.pointer.wrapping_add(time * self.step_stride + sample * self.sample_stride)
    }

    /// # Safety
    /// The outputs must be writable.
    unsafe fn write(self, group: &Group<'_>, state: &[f32], hidden: usize) {
        for (sample, time) in &group.members[..group.count] {
            let state = &state[sample * hidden..][..hidden];
            // SAFETY: as for this function.
            unsafe {
                let to = self.at(*time, *sample);
                to.copy_from_nonoverlapping(state.as_ptr(), hidden);
            }
        }
    }
}

/// A few samples that take a step together, and their gates.
struct Group<'a> {
    scratch: &'a mut [f32],
    rows: usize,
    /// Elements of scratch memory for each sample: its gates and one vector of hidden units aside.
    stride: usize,
    /// Sample and time.
    members: [(usize, usize); MOST_SAMPLES],
    count: usize,
}

impl<'a> Group<'a> {
    fn new(scratch: &'a mut [f32], rows: usize) -> Self {
        let stride = scratch.len() / MOST_SAMPLES;
        Self { scratch, rows, stride, members: [(0, 0); MOST_SAMPLES], count: 0 }
    }

    fn push(&mut self, sample: usize, time: usize) {
        self.members[self.count] = (sample, time);
        self.count += 1;
    }

    fn gates(&mut self, index: usize) -> &mut [f32] {
        &mut self.scratch[index * self.stride..][..self.rows]
    }

    fn gates_and_aside(&mut self, index: usize) -> (&mut [f32], &mut [f32]) {
        let (gates, aside) =
            self.scratch[index * self.stride..][..self.stride].split_at_mut(self.rows);
        let hidden = self.rows / 3;
        (gates, &mut aside[..hidden])
    }

    /// Pointers to all gates.
    fn targets(&mut self) -> [*mut f32; MOST_SAMPLES] {
        let pointer = self.scratch.as_mut_ptr();
        std::array::from_fn(|index| pointer.wrapping_add(index * self.stride))
    }

    /// Pointers to the vectors aside, and to the last gate.
    fn asides_and_candidates(
        &mut self,
        hidden: usize,
    ) -> ([*const f32; MOST_SAMPLES], [*mut f32; MOST_SAMPLES]) {
        let (rows, gates) = (self.rows, self.targets());
        let asides = gates.map(|gates| gates.wrapping_add(rows).cast_const());
        (asides, gates.map(|gates| gates.wrapping_add(rows - hidden)))
    }
}
