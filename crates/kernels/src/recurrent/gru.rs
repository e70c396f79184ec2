//! The cell of a gated recurrent unit.

use super::layer::Cell;
use super::part::Part;

impl Part {
    /// Applies the gates' function, and the reset gate: to the product with R if that goes first, and otherwise to the
    /// state, which is left aside for the product.
    pub(super) fn reset_gru(&self, gates: &mut [f32], aside: &mut [f32], state: &[f32]) {
        let hidden = self.units.len();
        let (first, candidate) = gates.split_at_mut(2 * hidden);
        self.limit.map(self.isa, self.functions[0], first);
        let reset = &first[hidden..];
        if self.cell == (Cell::Gru { linear_before_reset: true }) {
            for ((candidate, reset), projected) in candidate.iter_mut().zip(reset).zip(&*aside) {
                *candidate = *candidate * reset + projected;
            }
        } else {
            for ((aside, reset), state) in aside.iter_mut().zip(reset).zip(state) {
                *aside = reset * state;
            }
        }
    }

    /// The state after a step.
    pub(super) fn update_gru(&self, gates: &mut [f32], state: &mut [f32]) {
        let hidden = self.units.len();
        let (first, candidate) = gates.split_at_mut(2 * hidden);
        self.limit.map(self.isa, self.functions[1], candidate);
        for ((state, update), candidate) in state.iter_mut().zip(&*first).zip(&*candidate) {
            *state = (1.0 - update) * candidate + update * *state;
        }
    }
}
