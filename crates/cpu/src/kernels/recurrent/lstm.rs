//! The cell of a long short-term memory.

use tachy_graph::op::recurrent::Lstm;

use super::sequence::{Cell, Layer, Step};
use crate::kernel::{Operands, Prepared};
use crate::promote::in_real;
use crate::real::Real;

pub(in crate::kernels) fn prepare(op: &Lstm, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| {
        let samples = operands.input(0).shape[1];
        let recurrent = vec![T::default(); samples * 4 * op.recurrence.hidden];
        let cell = LongShortTerm::<T> { coupled: op.coupled, recurrent };
        Ok(Box::new(Layer::new(cell, &op.recurrence, operands)))
    })
}

struct LongShortTerm<T> {
    coupled: bool,
    recurrent: Vec<T>,
}

impl<T: Real> Cell<T> for LongShortTerm<T> {
    const GATES: usize = 4;
    const FUNCTIONS: usize = 3;
    const STATES: usize = 2;

    fn step(&mut self, step: &mut Step<'_, T>) {
        let hidden = step.hidden;
        step.recurrent(0, 4 * hidden, step.state, &mut self.recurrent);
        for (sample, place) in step.places.iter().enumerate() {
            let Some(place) = place else { continue };
            let projected = &step.projected[place * 4 * hidden..][..4 * hidden];
            let recurrent = &self.recurrent[sample * 4 * hidden..][..4 * hidden];
            for unit in 0..hidden {
                let gate =
                    |gate: usize| projected[gate * hidden + unit] + recurrent[gate * hidden + unit];
                let peephole = |gate: usize, cell: T| {
                    step.peepholes.map_or(T::zero(), |p| p[gate * hidden + unit] * cell)
                };
                let place = sample * hidden + unit;
                let before = step.cell[place];
                let input = step.activate(0, gate(0) + peephole(0, before));
                let forget = if self.coupled {
                    T::one() - input
                } else {
                    step.activate(0, gate(2) + peephole(2, before))
                };
                let candidate = step.activate(1, gate(3));
                let cell = forget * before + input * candidate;
                let output = step.activate(0, gate(1) + peephole(1, cell));
                // The limit is for what goes into the gates; the cell state itself has none.
                let exposed = super::activation::apply(step.activations[2], cell);
                step.cell[place] = cell;
                step.state[place] = output * exposed;
            }
        }
    }
}
