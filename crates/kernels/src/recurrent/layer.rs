//! Layers, made ready.

use std::sync::atomic::AtomicBool;

use super::panels::MOST_SAMPLES;
use super::part::Part;
use crate::lanes::Isa;
use crate::math::Function;
use crate::weight::WeightType;

/// The kind of a recurrent cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Long short-term memory (Hochreiter and Schmidhuber, 1997). Gates: input, output, forget, cell.
    Lstm {
        /// Whether the forget gate is one minus the input gate.
        coupled: bool,
    },
    /// Gated recurrent unit (Cho et al., 2014). Gates: update, reset, hidden.
    Gru {
        /// Whether the reset gate is applied after the product with the recurrent weights instead of before.
        linear_before_reset: bool,
    },
    /// The simple recurrent cell (Elman, 1990).
    Rnn,
}

impl Cell {
    /// Blocks of outputs in the weights.
    pub fn gates(self) -> usize {
        match self {
            Cell::Lstm { .. } => 4,
            Cell::Gru { .. } => 3,
            Cell::Rnn => 1,
        }
    }
}

/// What a layer computes, in one direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Description {
    /// The kind of cell.
    pub cell: Cell,
    /// Elements of an input.
    pub inputs: usize,
    /// Hidden units.
    pub hidden: usize,
    /// The functions in ONNX's order: of the gates, of what goes into the cell, of what comes out. A GRU has the first
    /// two, a simple layer the first.
    pub functions: [Function; 3],
    /// The limit ± to what goes into the first two functions.
    pub clip: Option<f32>,
    /// What W and R are kept as; every weight is rounded to the nearest.
    pub weights: WeightType,
}

impl Description {
    /// A cell with its usual functions, no limit, and weights of f32.
    pub fn new(cell: Cell, inputs: usize, hidden: usize) -> Self {
        let first = if cell == Cell::Rnn { Function::Tanh } else { Function::Sigmoid };
        let functions = [first, Function::Tanh, Function::Tanh];
        Self { cell, inputs, hidden, functions, clip: None, weights: WeightType::F32 }
    }
}

/// Weights as ONNX has them; the outputs are `gates · hidden`.
#[derive(Debug, Clone, Copy)]
pub struct Weights<'a> {
    /// W `[outputs, inputs]`: needed by layers that take inputs which are not projected.
    pub inputs: Option<&'a [f32]>,
    /// R `[outputs, hidden]`.
    pub recurrent: &'a [f32],
    /// W's biases, then R's: `[2 · outputs]`.
    pub biases: Option<&'a [f32]>,
    /// Of an LSTM, `[3 · hidden]` in the order input, output, forget.
    pub peepholes: Option<&'a [f32]>,
}

/// A layer in one direction.
pub struct Layer {
    pub(super) description: Description,
    projection_bias: Vec<f32>,
    pub(super) parts: Vec<Part>,
    /// Whether the next step goes through the weights from their end.
    pub(super) backward: AtomicBool,
}

impl Layer {
    /// Packs the weights for an instruction set.
    ///
    /// # Panics
    /// If weights are not of the described size.
    pub fn new(isa: Isa, description: Description, weights: Weights<'_>) -> Self {
        Self::in_parts(isa, 1, description, weights)
    }

    /// As [`new`](Self::new), in so many parts that threads can take for themselves; fewer if there are not so many
    /// vectors of hidden units.
    ///
    /// # Panics
    /// As for `new`.
    pub fn in_parts(
        isa: Isa,
        parts: usize,
        description: Description,
        weights: Weights<'_>,
    ) -> Self {
        let Description { cell, inputs, hidden, .. } = description;
        let outputs = cell.gates() * hidden;
        let expect = |name: &str, vector: Option<&[f32]>, length: usize| {
            let fits = vector.is_none_or(|vector| vector.len() == length);
            assert!(fits, "there must be {length} {name}");
        };
        expect("input weights", weights.inputs, outputs * inputs);
        expect("recurrent weights", Some(weights.recurrent), outputs * hidden);
        expect("biases", weights.biases, 2 * outputs);
        expect("peepholes", weights.peepholes, 3 * hidden);
        let (mut projection_bias, mut candidate_bias) = (vec![0.0; outputs], vec![0.0; hidden]);
        if let Some(biases) = weights.biases {
            let (input, recurrent) = biases.split_at(outputs);
            projection_bias.copy_from_slice(input);
            let mut added = outputs;
            if cell == (Cell::Gru { linear_before_reset: true }) {
                added = 2 * hidden;
                candidate_bias.copy_from_slice(&recurrent[added..]);
            }
            for (sum, bias) in projection_bias.iter_mut().zip(&recurrent[..added]) {
                *sum += bias;
            }
        }
        let lanes = isa.lanes();
        let vectors = hidden.div_ceil(lanes);
        let parts = parts.clamp(1, vectors.max(1));
        let boundary = |part: usize| (part * vectors / parts * lanes).min(hidden);
        let part = |part: usize| {
            let units = boundary(part)..boundary(part + 1);
            Part::new(isa, &description, units, weights, &projection_bias, &candidate_bias)
        };
        Self {
            description,
            parts: (0..parts).map(part).collect(),
            projection_bias,
            backward: AtomicBool::new(false),
        }
    }

    /// Bytes of the packed weights.
    pub fn weight_bytes(&self) -> usize {
        self.parts.iter().map(Part::weight_bytes).sum()
    }

    /// What it computes.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// In how many parts the weights are.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// What has to be added to the products of inputs and W, `[gates · hidden]`: W's biases, and R's where they may be
    /// added at once.
    pub fn projection_bias(&self) -> &[f32] {
        &self.projection_bias
    }

    /// Elements of scratch memory that a run over so many samples needs.
    pub fn scratch_len(&self, samples: usize) -> usize {
        let exchange = if self.parts.len() > 1 { samples } else { 0 };
        (MOST_SAMPLES * (self.description.cell.gates() + 1) + exchange) * self.description.hidden
    }
}
