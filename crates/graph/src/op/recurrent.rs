//! Recurrent layers, run over whole sequences.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use crate::dtype::DType;
use crate::shape::TensorType;

/// Which way a layer runs over its sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the first element to the last.
    Forward,
    /// From the last element to the first.
    Reverse,
    /// Both, each with weights of its own.
    Bidirectional,
}

impl Direction {
    /// One or two.
    pub const fn count(self) -> usize {
        match self {
            Direction::Forward | Direction::Reverse => 1,
            Direction::Bidirectional => 2,
        }
    }
}

/// A function inside of a recurrent cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// max(0, x).
    Relu,
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// x / (1 + |x|).
    Softsign,
    /// ln(1 + eˣ).
    Softplus,
    /// αx + β.
    Affine {
        /// α.
        alpha: f32,
        /// β.
        beta: f32,
    },
    /// x for x ≥ 0, αx below.
    LeakyRelu {
        /// α.
        alpha: f32,
    },
    /// x for x ≥ α, 0 below.
    ThresholdedRelu {
        /// α.
        alpha: f32,
    },
    /// α tanh(βx).
    ScaledTanh {
        /// α.
        alpha: f32,
        /// β.
        beta: f32,
    },
    /// max(0, min(1, αx + β)).
    HardSigmoid {
        /// α.
        alpha: f32,
        /// β.
        beta: f32,
    },
    /// x for x ≥ 0, α(eˣ − 1) below.
    Elu {
        /// α.
        alpha: f32,
    },
}

/// What all recurrent layers have in common.
///
/// ONNX's `layout` 1 (batch first) becomes transpositions around the layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Recurrence {
    /// The number H of hidden units.
    pub hidden: usize,
    /// Which way it runs; D is the number of directions.
    pub direction: Direction,
    /// The cell's functions, for each direction as many as the cell has.
    pub activations: Vec<Activation>,
    /// The limit to what goes into the functions, if there is one: ±clip.
    pub clip: Option<f32>,
}

impl Recurrence {
    /// A layer that runs forward, with these functions.
    pub fn forward(hidden: usize, activations: impl Into<Vec<Activation>>) -> Self {
        Self { hidden, direction: Direction::Forward, activations: activations.into(), clip: None }
    }

    /// Checks what the layers have in common; returns the number of steps and the batch.
    fn check(
        &self,
        inputs: Inputs<'_>,
        gates: usize,
        functions: usize,
    ) -> Result<(usize, usize), InferError> {
        let x = inputs.required(0, "X")?;
        let w = inputs.required(1, "W")?;
        let r = inputs.required(2, "R")?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        let [steps, batch, size] = x.shape[..] else {
            return Err(InferError(format!("X must be [steps, batch, size], but is {x}")));
        };
        let (directions, hidden) = (self.direction.count(), self.hidden);
        if self.activations.len() != directions * functions {
            return Err(InferError(format!(
                "it needs {functions} activations for each of {directions} directions, not {} in all",
                self.activations.len()
            )));
        }
        let too_large = || InferError::new("its weights are larger than a process can address");
        let rows = hidden.checked_mul(gates).ok_or_else(too_large)?;
        let biases = rows.checked_mul(2).ok_or_else(too_large)?;
        expect(w, x.dtype, "W", &[directions, rows, size])?;
        expect(r, x.dtype, "R", &[directions, rows, hidden])?;
        if let Some(bias) = inputs.get(3) {
            expect(bias, x.dtype, "B", &[directions, biases])?;
        }
        if let Some(lengths) = inputs.get(4) {
            expect(lengths, DType::I32, "sequence_lens", &[batch])?;
        }
        if let Some(initial) = inputs.get(5) {
            expect(initial, x.dtype, "initial_h", &[directions, batch, hidden])?;
        }
        Ok((steps, batch))
    }

    /// The types of all outputs of a layer with `states` states.
    fn outputs(
        &self,
        dtype: DType,
        (steps, batch): (usize, usize),
        states: usize,
    ) -> Vec<TensorType> {
        let (directions, hidden) = (self.direction.count(), self.hidden);
        let mut types = vec![TensorType::new(dtype, [steps, directions, batch, hidden])];
        types.extend(vec![TensorType::new(dtype, [directions, batch, hidden]); states]);
        types
    }
}

fn expect(ty: &TensorType, dtype: DType, name: &str, shape: &[usize]) -> Result<(), InferError> {
    if ty.dtype == dtype && ty.shape == shape {
        return Ok(());
    }
    Err(InferError(format!("{name} must be {}, but is {ty}", TensorType::new(dtype, shape))))
}

/// Long short-term memory (Hochreiter and Schmidhuber, 1997; peepholes: Gers and Schmidhuber, 2000).
///
/// Inputs: X `[T, N, I]`; W `[D, 4H, I]` and R `[D, 4H, H]`, gates in the order input, output, forget, cell;
/// optionally B `[D, 8H]` (W's biases, then R's), the sequences' lengths `[N]` of i32, the initial hidden state
/// `[D, N, H]`, the initial cell state `[D, N, H]`, and peepholes `[D, 3H]` in the order input, output, forget.
/// Outputs: Y `[T, D, N, H]`, the last hidden state `[D, N, H]`, the last cell state `[D, N, H]`.
/// Activations: of the gates, of the cell's input, of the cell's output.
#[derive(Debug, Clone, PartialEq)]
pub struct Lstm {
    /// What all recurrent layers have in common.
    pub recurrence: Recurrence,
    /// Whether the forget gate is one minus the input gate.
    pub coupled: bool,
}

impl Operator for Lstm {
    fn name(&self) -> &'static str {
        "LSTM"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(8)?;
        let size = self.recurrence.check(inputs, 4, 3)?;
        let (dtype, hidden) = (inputs.required(0, "X")?.dtype, self.recurrence.hidden);
        let directions = self.recurrence.direction.count();
        if let Some(initial) = inputs.get(6) {
            expect(initial, dtype, "initial_c", &[directions, size.1, hidden])?;
        }
        if let Some(peepholes) = inputs.get(7) {
            expect(peepholes, dtype, "P", &[directions, 3 * hidden])?;
        }
        Ok(self.recurrence.outputs(dtype, size, 2))
    }
}

/// Gated recurrent unit (Cho et al., 2014).
///
/// Inputs: X `[T, N, I]`; W `[D, 3H, I]` and R `[D, 3H, H]`, gates in the order update, reset, hidden;
/// optionally B `[D, 6H]` (W's biases, then R's), the sequences' lengths `[N]` of i32 and the initial state
/// `[D, N, H]`. Outputs: Y `[T, D, N, H]` and the last state `[D, N, H]`. Activations: of the gates, of the
/// hidden state.
#[derive(Debug, Clone, PartialEq)]
pub struct Gru {
    /// What all recurrent layers have in common.
    pub recurrence: Recurrence,
    /// Whether the reset gate is applied after the product with R instead of before.
    pub linear_before_reset: bool,
}

impl Operator for Gru {
    fn name(&self) -> &'static str {
        "GRU"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(6)?;
        let size = self.recurrence.check(inputs, 3, 2)?;
        Ok(self.recurrence.outputs(inputs.required(0, "X")?.dtype, size, 1))
    }
}

/// The simple recurrent layer hₜ = f(W xₜ + R hₜ₋₁ + biases) (Elman, 1990).
///
/// Inputs: X `[T, N, I]`, W `[D, H, I]`, R `[D, H, H]`; optionally B `[D, 2H]` (W's biases, then R's), the
/// sequences' lengths `[N]` of i32 and the initial state `[D, N, H]`. Outputs: Y `[T, D, N, H]` and the last
/// state `[D, N, H]`. One activation.
#[derive(Debug, Clone, PartialEq)]
pub struct Rnn {
    /// What all recurrent layers have in common.
    pub recurrence: Recurrence,
}

impl Operator for Rnn {
    fn name(&self) -> &'static str {
        "RNN"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(6)?;
        let size = self.recurrence.check(inputs, 1, 1)?;
        Ok(self.recurrence.outputs(inputs.required(0, "X")?.dtype, size, 1))
    }
}
