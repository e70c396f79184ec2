//! The cell of a long short-term memory.

use super::layer::Cell;
use super::part::Part;
use crate::lanes::{Lanes, Work};
use crate::math::{Function, sigmoid_fraction, tanh_fraction};

impl Part {
    /// The states of the part's units after a step, of their gates before their functions.
    pub(super) fn update_lstm(&self, gates: &mut [f32], state: &mut [f32], memory: &mut [f32]) {
        let usual = [Function::Sigmoid, Function::Tanh, Function::Tanh];
        if self.functions == usual {
            self.isa.run(Update { part: self, gates, state, memory });
        } else {
            self.update_any_lstm(gates, state, memory);
        }
    }

    fn is_coupled(&self) -> bool {
        self.cell == Cell::Lstm { coupled: true }
    }

    /// As [`update_lstm`](Self::update_lstm) for any functions, each over all units.
    fn update_any_lstm(&self, gates: &mut [f32], state: &mut [f32], memory: &mut [f32]) {
        let (isa, limit, hidden) = (self.isa, self.limit, self.units.len());
        let [of_gates, of_input, of_output] = self.functions;
        let (input, rest) = gates.split_at_mut(hidden);
        let (output, rest) = rest.split_at_mut(hidden);
        let (forget, candidate) = rest.split_at_mut(hidden);
        let peephole = |index: usize| {
            self.peepholes.as_ref().map(|peepholes| &peepholes[index * hidden..][..hidden])
        };
        add_products(input, peephole(0), memory);
        limit.map(isa, of_gates, input);
        if self.is_coupled() {
            for (forget, input) in forget.iter_mut().zip(&*input) {
                *forget = 1.0 - input;
            }
        } else {
            add_products(forget, peephole(2), memory);
            limit.map(isa, of_gates, forget);
        }
        limit.map(isa, of_input, candidate);
        for (unit, memory) in memory.iter_mut().enumerate() {
            *memory = forget[unit] * *memory + input[unit] * candidate[unit];
        }
        add_products(output, peephole(1), memory);
        limit.map(isa, of_gates, output);
        state.copy_from_slice(memory);
        crate::pointwise::map_in_place(isa, of_output, state);
        for (state, output) in state.iter_mut().zip(&*output) {
            *state *= output;
        }
    }
}

/// `to[i] += a[i] · b[i]`, if there is an `a`.
fn add_products(to: &mut [f32], a: Option<&[f32]>, b: &[f32]) {
    for ((to, a), b) in to.iter_mut().zip(a.into_iter().flatten()).zip(b) {
        *to += a * b;
    }
}

struct Update<'a> {
    part: &'a Part,
    gates: &'a mut [f32],
    state: &'a mut [f32],
    memory: &'a mut [f32],
}

impl Work for Update<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        let hidden = self.part.units.len();
        let mut unit = 0;
        while unit < hidden {
            let count = L::LANES.min(hidden - unit);
            // SAFETY: `Isa::run` makes sure of the instruction set; gates and states have `hidden` units.
            unsafe { self.units::<L>(unit, count) }
            unit += L::LANES;
        }
    }
}

impl Update<'_> {
    #[inline(always)]
    unsafe fn units<L: Lanes>(&mut self, unit: usize, count: usize) {
        let part = self.part;
        let (hidden, limit) = (part.units.len(), part.limit);
        let gates = self.gates.as_ptr();
        // SAFETY: as for the caller.
        unsafe {
            let memory = self.memory.as_mut_ptr().add(unit);
            let before = L::load_first(memory, count);
            let gate = |index: usize| L::load_first(gates.add(index * hidden + unit), count);
            let (mut input, mut output, mut forget) = (gate(0), gate(1), gate(2));
            let peepholes = part.peepholes.as_ref().map(|peepholes| peepholes.as_ptr().add(unit));
            if let Some(peepholes) = peepholes {
                input = L::load_first(peepholes, count).mul_add(before, input);
                forget = L::load_first(peepholes.add(2 * hidden), count).mul_add(before, forget);
            }
            // A division takes as long as ten other instructions: forget · before + input · candidate is one fraction, and
            // so is output · tanh(after).
            let [input, input_of] = sigmoid_fraction(limit.apply(input));
            let [candidate, candidate_of] = tanh_fraction(limit.apply(gate(3)));
            let new_of = input_of.mul(candidate_of);
            let after = if part.is_coupled() {
                let forget = input_of.sub(input).mul(candidate_of);
                forget.mul_add(before, input.mul(candidate)).div(new_of)
            } else {
                let [forget, forget_of] = sigmoid_fraction(limit.apply(forget));
                let new = input.mul(candidate).mul(forget_of);
                forget.mul(new_of).mul_add(before, new).div(new_of.mul(forget_of))
            };
            if let Some(peepholes) = peepholes {
                output = L::load_first(peepholes.add(hidden), count).mul_add(after, output);
            }
            let [output, output_of] = sigmoid_fraction(limit.apply(output));
            let [exposed, exposed_of] = tanh_fraction(after);
            after.store_first(memory, count);
            let state = output.mul(exposed).div(output_of.mul(exposed_of));
            state.store_first(self.state.as_mut_ptr().add(unit), count);
        }
    }
}
