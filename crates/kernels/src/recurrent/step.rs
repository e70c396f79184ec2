//! One step of a few samples.

use super::layer::{Cell, Layer};
use super::panels::MOST_SAMPLES;
use super::part::Part;
use super::sequence::{Inputs, Sequence};

/// A few samples that take a step together.
pub(super) struct Group {
    /// Sample and time.
    members: [(usize, usize); MOST_SAMPLES],
    count: usize,
}

impl Group {
    pub fn new() -> Self {
        Self { members: [(0, 0); MOST_SAMPLES], count: 0 }
    }

    pub fn push(&mut self, sample: usize, time: usize) {
        self.members[self.count] = (sample, time);
        self.count += 1;
    }

    pub fn clear(&mut self) {
        self.count = 0;
    }

    pub fn len(&self) -> usize {
        self.count
    }

    /// Numbers, samples and times.
    fn members(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let members = self.members[..self.count].iter().enumerate();
        members.map(|(index, (sample, time))| (index, *sample, *time))
    }
}

/// What the steps of a run have in common.
///
/// The scratch memory holds the gates of each part, then one vector of hidden units for each sample of a group, and then
/// the states of all samples if there are several parts.
pub(super) struct Step<'a> {
    layer: &'a Layer,
    sequence: &'a Sequence<'a>,
    scratch: *mut f32,
}

impl<'a> Step<'a> {
    pub fn new(layer: &'a Layer, sequence: &'a Sequence<'a>, scratch: *mut f32) -> Self {
        Self { layer, sequence, scratch }
    }

    /// A second place for the states.
    pub fn exchange(&self) -> *mut f32 {
        let description = &self.layer.description;
        let before = MOST_SAMPLES * (description.cell.gates() + 1) * description.hidden;
        self.scratch.wrapping_add(before)
    }

    /// The gates of a part for a sample of the group.
    fn gates(&self, part: &Part, index: usize) -> *mut f32 {
        let before = MOST_SAMPLES * part.cell.gates() * part.units.start;
        self.scratch.wrapping_add(before + index * part.rows())
    }

    /// A vector of all hidden units for a sample of the group: what the reset gate leaves of the state, or what comes to
    /// the hidden gate from W.
    fn aside(&self, index: usize) -> *mut f32 {
        let description = &self.layer.description;
        let before = (MOST_SAMPLES * description.cell.gates() + index) * description.hidden;
        self.scratch.wrapping_add(before)
    }

    /// A step of a part's units, up to the reset gate if that needs the other units.
    ///
    /// # Safety
    /// As for `Layer::run_portion`; `from` and `to` are the states before and after the step.
    pub unsafe fn begin(
        &self,
        part: &Part,
        group: &Group,
        from: *mut f32,
        to: *mut f32,
        backward: bool,
    ) {
        let hidden = self.layer.description.hidden;
        let (first, units) = (part.units.start, part.units.len());
        let linear = part.cell == (Cell::Gru { linear_before_reset: true });
        // SAFETY: as for this function; these units and their gates are written here alone.
        unsafe {
            self.start(part, group);
            self.multiply(part, group, from, backward, linear);
            for (index, sample, _) in group.members() {
                let place = sample * hidden + first;
                let gates = std::slice::from_raw_parts_mut(self.gates(part, index), part.rows());
                let (from, to) = (from.wrapping_add(place), to.wrapping_add(place));
                if matches!(part.cell, Cell::Gru { .. }) {
                    if from != to {
                        to.copy_from_nonoverlapping(from, units);
                    }
                    let aside = self.aside(index).wrapping_add(first);
                    let aside = std::slice::from_raw_parts_mut(aside, units);
                    part.reset_gru(gates, aside, std::slice::from_raw_parts(to, units));
                    continue;
                }
                let state = std::slice::from_raw_parts_mut(to, units);
                if matches!(part.cell, Cell::Lstm { .. }) {
                    let memory = self.sequence.memory.wrapping_add(place);
                    let memory = std::slice::from_raw_parts_mut(memory, units);
                    part.update_lstm(gates, state, memory);
                } else {
                    part.limit.map(part.isa, part.functions[0], gates);
                    state.copy_from_slice(gates);
                }
            }
            match part.cell {
                Cell::Gru { linear_before_reset: false } => {}
                Cell::Gru { linear_before_reset: true } => self.finish(part, group, to, backward),
                _ => self.write(part, group, to),
            }
        }
    }

    /// The rest of a step of a GRU.
    ///
    /// # Safety
    /// As for `Layer::run_portion`; `state` is the state after the step, still as it was before it.
    pub unsafe fn finish(&self, part: &Part, group: &Group, state: *mut f32, backward: bool) {
        let hidden = self.layer.description.hidden;
        let (rows, units) = (part.rows(), part.units.len());
        // SAFETY: as for this function.
        unsafe {
            if let Some(candidate) = &part.candidate {
                let from = std::array::from_fn(|index| self.aside(index).cast_const());
                let to =
                    std::array::from_fn(|index| self.gates(part, index).wrapping_add(rows - units));
                let (from, to): ([_; MOST_SAMPLES], [_; MOST_SAMPLES]) = (from, to);
                candidate.accumulate_samples(
                    &from[..group.len()],
                    &to[..group.len()],
                    None,
                    backward,
                );
            }
            for (index, sample, _) in group.members() {
                let gates = std::slice::from_raw_parts_mut(self.gates(part, index), rows);
                let state = state.wrapping_add(sample * hidden + part.units.start);
                part.update_gru(gates, std::slice::from_raw_parts_mut(state, units));
            }
            self.write(part, group, state);
        }
    }

    /// The gates before any product: the projected inputs, or nothing.
    ///
    /// # Safety
    /// The inputs must be readable.
    unsafe fn start(&self, part: &Part, group: &Group) {
        let (hidden, units) = (self.layer.description.hidden, part.units.len());
        for (index, sample, time) in group.members() {
            let gates = self.gates(part, index);
            // SAFETY: as for this function; there are as many gates.
            unsafe {
                match self.sequence.inputs {
                    Inputs::Plain(_) => {
                        gates.write_bytes(0, part.rows());
                    }
                    Inputs::Projected(pointer) => {
                        let count = part.cell.gates();
                        let place = (time * self.sequence.samples + sample) * count * hidden;
                        if units == hidden {
                            gates.copy_from_nonoverlapping(pointer.add(place), part.rows());
                            continue;
                        }
                        for gate in 0..count {
                            let from = pointer.add(place + gate * hidden + part.units.start);
                            gates.add(gate * units).copy_from_nonoverlapping(from, units);
                        }
                    }
                }
            }
        }
    }

    /// Adds the products with W and their biases, if the inputs are plain, and with R. The weights are W's and then R's;
    /// backward, they come in the opposite order, with the same results to the last bit. A reset gate that is applied after the product keeps the two apart.
    ///
    /// # Safety
    /// As for [`begin`](Self::begin).
    unsafe fn multiply(
        &self,
        part: &Part,
        group: &Group,
        state: *const f32,
        backward: bool,
        apart: bool,
    ) {
        let (hidden, inputs) = (self.layer.description.hidden, self.layer.description.inputs);
        let (mut states, mut to) =
            ([std::ptr::null(); MOST_SAMPLES], [std::ptr::null_mut(); MOST_SAMPLES]);
        let mut sources = states;
        for (index, sample, time) in group.members() {
            states[index] = state.wrapping_add(sample * hidden);
            to[index] = self.gates(part, index);
            if let Inputs::Plain(pointer) = self.sequence.inputs {
                let place = (time * self.sequence.samples + sample) * inputs;
                sources[index] = pointer.wrapping_add(place);
            }
        }
        let (states, sources, to) =
            (&states[..group.len()], &sources[..group.len()], &to[..group.len()]);
        let project = || {
            if let (Inputs::Plain(_), Some(weights)) = (self.sequence.inputs, &part.input_weights) {
                // SAFETY: the caller promises the inputs; there are as many gates.
                unsafe { weights.accumulate_samples(sources, to, Some(&part.bias), backward) }
            }
        };
        // SAFETY: the caller promises the states; there are as many gates.
        let recur = || unsafe { part.recurrent.accumulate_samples(states, to, None, backward) };
        if apart {
            project();
            // SAFETY: as for this function.
            unsafe { self.set_candidates_aside(part, group) }
            recur();
        } else if backward {
            recur();
            project();
        } else {
            project();
            recur();
        }
    }

    /// Lays the hidden gate's share of W x aside until the reset gate is there.
    ///
    /// # Safety
    /// As for [`begin`](Self::begin).
    unsafe fn set_candidates_aside(&self, part: &Part, group: &Group) {
        let units = part.units.len();
        for (index, ..) in group.members() {
            let candidate = self.gates(part, index).wrapping_add(2 * units);
            let aside = self.aside(index).wrapping_add(part.units.start);
            // SAFETY: these units of the scratch memory are this part's.
            unsafe {
                aside.copy_from_nonoverlapping(candidate, units);
                candidate.copy_from_nonoverlapping(part.candidate_bias.as_ptr(), units);
            }
        }
    }

    /// Writes the states after the step to the outputs.
    ///
    /// # Safety
    /// The outputs must be writable.
    unsafe fn write(&self, part: &Part, group: &Group, state: *const f32) {
        let Some(outputs) = self.sequence.outputs else { return };
        let hidden = self.layer.description.hidden;
        for (_, sample, time) in group.members() {
            let to = outputs.at(time, sample).wrapping_add(part.units.start);
            // SAFETY: as for this function.
            unsafe {
                let from = state.add(sample * hidden + part.units.start);
                to.copy_from_nonoverlapping(from, part.units.len());
            }
        }
    }
}
