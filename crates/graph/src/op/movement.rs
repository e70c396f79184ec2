//! Operators that move elements and leave their values alone.

use super::operator::{InferError, Inputs, Operator};
use crate::shape::{Shape, TensorType, element_count};

/// The same elements, in the same order, in another shape. `Squeeze`, `Unsqueeze` and `Flatten` become this.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reshape {
    /// The output's shape.
    pub shape: Shape,
}

impl Operator for Reshape {
    fn name(&self) -> &'static str {
        "Reshape"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "data")?;
        if input.element_count()? != element_count(&self.shape)? {
            return Err(InferError(format!(
                "{input} has another number of elements than the shape {:?}",
                self.shape
            )));
        }
        Ok(vec![TensorType::new(input.dtype, self.shape.clone())])
    }
}

/// Dimension `i` of the output is dimension `permutation[i]` of the input.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Transpose {
    /// Every dimension of the input, once.
    pub permutation: Vec<usize>,
}

impl Operator for Transpose {
    fn name(&self) -> &'static str {
        "Transpose"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "data")?;
        let mut sorted = self.permutation.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..input.rank()) {
            return Err(InferError(format!(
                "{:?} is not a permutation of the dimensions of {input}",
                self.permutation
            )));
        }
        let shape: Shape = self.permutation.iter().map(|&axis| input.shape[axis]).collect();
        Ok(vec![TensorType::new(input.dtype, shape)])
    }
}
