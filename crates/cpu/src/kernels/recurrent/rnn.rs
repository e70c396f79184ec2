//! The cell of a simple recurrent layer.

use tachy_graph::op::recurrent::Rnn;

use super::sequence::{Cell, Layer, Step};
use crate::kernel::{Operands, Prepared};
use crate::promote::in_real;
use crate::real::Real;

pub(in crate::kernels) fn prepare(op: &Rnn, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| {
        let samples = operands.input(0).shape[1];
        let cell = Simple::<T> { recurrent: vec![T::default(); samples * op.recurrence.hidden] };
        Ok(Box::new(Layer::new(cell, &op.recurrence, operands)))
    })
}

struct Simple<T> {
    recurrent: Vec<T>,
}

impl<T: Real> Cell<T> for Simple<T> {
    const GATES: usize = 1;
    const FUNCTIONS: usize = 1;
    const STATES: usize = 1;

    fn step(&mut self, step: &mut Step<'_, T>) {
        let hidden = step.hidden;
        step.recurrent(0, hidden, step.state, &mut self.recurrent);
        for (sample, place) in step.places.iter().enumerate() {
            let Some(place) = place else { continue };
            let projected = &step.projected[place * hidden..][..hidden];
            for (unit, projected) in projected.iter().enumerate() {
                let place = sample * hidden + unit;
                step.state[place] = step.activate(0, *projected + self.recurrent[place]);
            }
        }
    }
}
