//! Builder methods for recurrent layers.

use super::GraphBuilder;
use crate::graph::{GraphError, ValueId};
use crate::op::recurrent::{Activation, Lstm, Recurrence};

impl GraphBuilder {
    /// A long short-term memory that runs forward over x `[steps, batch, size]` from zeros, with weights
    /// `[1, 4·hidden, size]`, recurrent weights `[1, 4·hidden, hidden]` and biases `[1, 8·hidden]`. The outputs of
    /// all steps, `[steps, 1, batch, hidden]`, the last hidden state and the last cell state,
    /// `[1, batch, hidden]`.
    ///
    /// # Errors
    /// If the shapes do not go together.
    pub fn lstm(
        &mut self,
        x: ValueId,
        weights: ValueId,
        recurrent_weights: ValueId,
        biases: ValueId,
    ) -> Result<[ValueId; 3], GraphError> {
        let hidden = self.ty(recurrent_weights).shape.last().copied().unwrap_or(0);
        let activations = [Activation::Sigmoid, Activation::Tanh, Activation::Tanh];
        let recurrence = Recurrence::forward(hidden, activations);
        let inputs = [x, weights, recurrent_weights, biases].map(Some);
        let outputs = self.node(Lstm { recurrence, coupled: false }, &inputs)?;
        Ok([outputs[0], outputs[1], outputs[2]])
    }
}
