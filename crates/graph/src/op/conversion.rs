//! Operators that give the elements another type.

use super::operator::{InferError, Inputs, Operator};
use crate::convert::Conversion;
use crate::dtype::DType;
use crate::shape::TensorType;

/// Conversion of values to another element type by ONNX's rules; see [`crate::convert`]. Output: the input's
/// shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cast {
    /// The element type of the output.
    pub to: DType,
    /// What becomes of values that the output's type cannot hold.
    pub conversion: Conversion,
}

impl Operator for Cast {
    fn name(&self) -> &'static str {
        "Cast"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "input")?;
        Ok(vec![TensorType::new(self.to, input.shape.clone())])
    }
}

/// The same bits, read as another element type of the same width. Output: the input's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BitCast {
    /// The element type of the output.
    pub to: DType,
}

impl Operator for BitCast {
    fn name(&self) -> &'static str {
        "BitCast"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "input")?;
        if input.dtype.bits() != self.to.bits() {
            return Err(InferError(format!(
                "the {} bits of {} cannot be read as the {} bits of {}",
                input.dtype.bits(),
                input.dtype,
                self.to.bits(),
                self.to
            )));
        }
        Ok(vec![TensorType::new(self.to, input.shape.clone())])
    }
}
