//! A part of a layer: some of its hidden units, with all of their weights.

use std::ops::Range;

use super::functions::Limit;
use super::layer::{Cell, Description, Weights};
use super::panels::Panels;
use crate::lanes::Isa;
use crate::math::Function;

/// Some hidden units of a layer. Their gates follow each other without the other units' between them, so a part works
/// as a layer does, but reads the state of all units.
pub(super) struct Part {
    pub isa: Isa,
    pub cell: Cell,
    pub functions: [Function; 3],
    pub limit: Limit,
    pub units: Range<usize>,
    pub input_weights: Option<Panels>,
    pub recurrent: Panels,
    /// The hidden gate of a GRU whose reset gate goes before the product.
    pub candidate: Option<Panels>,
    /// Added to the products of inputs that are projected within a step.
    pub bias: Vec<f32>,
    /// R's biases of the hidden gate, where the reset gate is applied to them.
    pub candidate_bias: Vec<f32>,
    pub peepholes: Option<Vec<f32>>,
}

impl Part {
    /// Bytes of the packed weights.
    pub fn weight_bytes(&self) -> usize {
        let given = [&self.input_weights, &self.candidate].into_iter().flatten();
        given.map(Panels::bytes).sum::<usize>() + self.recurrent.bytes()
    }

    /// Packs the weights of some units; the biases are those of the whole layer.
    pub fn new(
        isa: Isa,
        description: &Description,
        units: Range<usize>,
        weights: Weights<'_>,
        bias: &[f32],
        candidate_bias: &[f32],
    ) -> Self {
        let Description { cell, inputs, hidden, functions, weights: kept_as, .. } = *description;
        let (gates, count) = (cell.gates(), units.len());
        // The row of an output among the rows of all units.
        let row = |output: usize| output / count * hidden + units.start + output % count;
        let panels = |weights, outputs: Range<usize>, inputs: usize| {
            let row = |output: usize| row_of(weights, row(outputs.start + output), inputs);
            Panels::of_rows(isa, kept_as, outputs.len(), inputs, row)
        };
        let apart = cell == (Cell::Gru { linear_before_reset: false });
        let first = if apart { 2 * count } else { gates * count };
        let vectors = |vector: &[f32]| -> Vec<f32> {
            let blocks = vector.chunks_exact(hidden.max(1));
            blocks.flat_map(|block| &block[units.clone()]).copied().collect()
        };
        Self {
            isa,
            cell,
            functions,
            limit: Limit::of(description),
            input_weights: weights.inputs.map(|w| panels(w, 0..gates * count, inputs)),
            recurrent: panels(weights.recurrent, 0..first, hidden),
            candidate: apart.then(|| panels(weights.recurrent, first..gates * count, hidden)),
            bias: vectors(bias),
            candidate_bias: vectors(candidate_bias),
            peepholes: weights.peepholes.map(vectors),
            units,
        }
    }

    /// Elements of the gates of one sample.
    pub fn rows(&self) -> usize {
        self.cell.gates() * self.units.len()
    }
}

fn row_of(weights: &[f32], row: usize, inputs: usize) -> &[f32] {
    &weights[row * inputs..][..inputs]
}
