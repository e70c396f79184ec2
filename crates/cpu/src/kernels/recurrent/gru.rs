//! The cell of a gated recurrent unit.

use tachy_graph::op::recurrent::Gru;

use super::sequence::{Cell, Layer, Step};
use crate::kernel::{Operands, Prepared};
use crate::promote::in_real;
use crate::real::Real;

pub(in crate::kernels) fn prepare(op: &Gru, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| {
        let (samples, hidden) = (operands.input(0).shape[1], op.recurrence.hidden);
        let cell = Gated::<T> {
            linear_before_reset: op.linear_before_reset,
            gates: vec![T::default(); samples * 2 * hidden],
            candidate: vec![T::default(); samples * hidden],
            reset: vec![T::default(); samples * hidden],
        };
        Ok(Box::new(Layer::new(cell, &op.recurrence, operands)))
    })
}

struct Gated<T> {
    linear_before_reset: bool,
    /// R's share of the update and the reset gate, `[N, 2 H]`.
    gates: Vec<T>,
    /// R's share of the new state, `[N, H]`.
    candidate: Vec<T>,
    /// The state times the reset gate, `[N, H]`.
    reset: Vec<T>,
}

impl<T: Real> Cell<T> for Gated<T> {
    const GATES: usize = 3;
    const FUNCTIONS: usize = 2;
    const STATES: usize = 1;

    fn step(&mut self, step: &mut Step<'_, T>) {
        let hidden = step.hidden;
        step.recurrent(0, 2 * hidden, step.state, &mut self.gates);
        for (sample, place) in step.places.iter().enumerate() {
            let Some(place) = place else { continue };
            let projected = &step.projected[place * 3 * hidden..][..2 * hidden];
            let gates = &mut self.gates[sample * 2 * hidden..][..2 * hidden];
            for (gate, projected) in gates.iter_mut().zip(projected) {
                *gate = step.activate(0, *gate + *projected);
            }
            for unit in 0..hidden {
                let place = sample * hidden + unit;
                self.reset[place] = gates[hidden + unit] * step.state[place];
            }
        }
        let source = if self.linear_before_reset { &*step.state } else { &self.reset };
        step.recurrent(2 * hidden, hidden, source, &mut self.candidate);
        for (sample, place) in step.places.iter().enumerate() {
            let Some(place) = place else { continue };
            let projected = &step.projected[(place * 3 + 2) * hidden..][..hidden];
            let gates = &self.gates[sample * 2 * hidden..][..2 * hidden];
            for unit in 0..hidden {
                let place = sample * hidden + unit;
                let (update, reset) = (gates[unit], gates[hidden + unit]);
                let mut recurrent = self.candidate[place];
                if self.linear_before_reset {
                    recurrent *= reset;
                }
                let candidate = step.activate(1, projected[unit] + recurrent);
                step.state[place] = (T::one() - update) * candidate + update * step.state[place];
            }
        }
    }
}
