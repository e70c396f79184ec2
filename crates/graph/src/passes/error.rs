//! What can go wrong while a graph is optimised.

use thiserror::Error;

use crate::graph::GraphError;
use crate::shape::TensorType;
use crate::tensor::TensorError;

/// A graph that cannot be optimised.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PassError {
    /// Constants alone give NaN.
    #[error(
        "node `{node}` computes NaN from constants that hold none; mend the model's parameters, or allow NaN with `PassOptions::allow_nan`."
    )]
    NotANumber {
        /// The node's name.
        node: String,
    },
    /// A pattern's type rule contradicts the operators that the pattern stands for.
    #[error(
        "the fusion pattern `{pattern}` says that its output is {found}, but at node `{node}` it stands for {expected}; mend its type rule."
    )]
    PatternType {
        /// The pattern's name.
        pattern: String,
        /// The last node of the chain.
        node: String,
        /// The type of the chain's result.
        expected: TensorType,
        /// The type that the pattern gives.
        found: TensorType,
    },
    /// A constant cannot be made.
    #[error("a constant cannot be computed ahead: {0}.")]
    Tensor(#[from] TensorError),
    /// A pass wrote a node that its operator refuses.
    #[error(transparent)]
    Graph(#[from] GraphError),
}
