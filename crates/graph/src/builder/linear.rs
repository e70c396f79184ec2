//! Builder methods for linear algebra.

use super::GraphBuilder;
use crate::graph::{GraphError, ValueId};
use crate::op::einsum::Einsum;
use crate::op::linear::{Gemm, MatMul};

impl GraphBuilder {
    /// The matrix product of a `[…, m, k]` and b `[…, k, n]`.
    ///
    /// # Errors
    /// If the shapes cannot be multiplied.
    pub fn matmul(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(MatMul, &[a, b])
    }

    /// A fully connected layer: x `[m, k]` · weightsᵀ + bias, with weights `[n, k]` and bias `[n]`.
    ///
    /// # Errors
    /// If the shapes do not go together.
    pub fn linear(
        &mut self,
        x: ValueId,
        weights: ValueId,
        bias: ValueId,
    ) -> Result<ValueId, GraphError> {
        let op = Gemm { alpha: 1.0, beta: 1.0, transpose_a: false, transpose_b: true };
        self.apply(op, &[x, weights, bias])
    }

    /// Products summed over indices, as an equation such as `bij,bjk->bik` says.
    ///
    /// # Errors
    /// If the equation is malformed or does not fit the inputs.
    pub fn einsum(&mut self, equation: &str, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        self.apply(Einsum { equation: equation.to_owned() }, inputs)
    }
}
