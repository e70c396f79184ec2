//! The set of all operators.

use super::operator::{InferError, Inputs, Operator};
use super::{elementwise::*, linear::*, movement::*};
use crate::shape::TensorType;

macro_rules! operators {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// An operator: what a node computes. See the structure of each for its inputs and outputs.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Op {
            $($(#[$doc])* $kind($kind),)*
        }

        impl Op {
            fn operator(&self) -> &dyn Operator {
                match self {
                    $(Op::$kind(operator) => operator,)*
                }
            }
        }

        $(impl From<$kind> for Op {
            fn from(operator: $kind) -> Self {
                Op::$kind(operator)
            }
        })*
    };
}

operators! {
    // Element by element.
    /// One tensor in, the same shape out.
    Unary,
    /// Two tensors in, broadcast.
    Binary,
    /// Two tensors in, broadcast; booleans out.
    Compare,
    /// Any number of tensors in, broadcast.
    Variadic,
    /// Choice between two tensors.
    Where,
    /// Limits to a range.
    Clip,
    /// Conversion to another element type.
    Cast,

    // Linear algebra.
    /// Matrix product.
    MatMul,
    /// Matrix product with scaling, transposition and a third term.
    Gemm,

    // Movement: elements keep their values and change their places.
    /// Another shape for the same elements.
    Reshape,
    /// Another order of the dimensions.
    Transpose,
}

impl Operator for Op {
    fn name(&self) -> &'static str {
        self.operator().name()
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        self.operator().infer(inputs)
    }
}
