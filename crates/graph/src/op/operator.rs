//! What every operator can say of itself.

use thiserror::Error;

use crate::shape::{ShapeError, TensorType};

/// One kind of computation, with everything that is fixed before it runs.
///
/// Whatever decides an output's shape (axes, sizes, padding …) is a field of the operator; its inputs carry
/// only data. So every shape in a [`Graph`](crate::Graph) is known before anything runs.
pub trait Operator {
    /// The operator's name in messages and tables: the ONNX name wherever there is one.
    fn name(&self) -> &'static str;

    /// The types of the outputs for inputs of these types.
    ///
    /// # Errors
    /// If an input is missing, superfluous, or of a type or shape that the operator does not take.
    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError>;
}

/// Inputs that an operator does not take: one full sentence that says which and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InferError(pub String);

impl InferError {
    /// An error with this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl From<ShapeError> for InferError {
    fn from(error: ShapeError) -> Self {
        Self(error.to_string())
    }
}

/// The types of a node's inputs; one that is optional and left out is `None`.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a>(pub &'a [Option<&'a TensorType>]);

impl<'a> Inputs<'a> {
    /// The number of inputs, left-out ones between others included.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there are no inputs at all.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The input at this index, if it is given.
    pub fn get(self, index: usize) -> Option<&'a TensorType> {
        self.0.get(index).copied().flatten()
    }

    /// The input at this index, which the operator cannot do without.
    pub fn required(self, index: usize, name: &str) -> Result<&'a TensorType, InferError> {
        self.get(index).ok_or_else(|| {
            InferError(format!("input {index} ({name}) is missing, but is required"))
        })
    }

    /// Refuses more inputs than the operator takes.
    pub fn at_most(self, limit: usize) -> Result<(), InferError> {
        if self.len() <= limit {
            return Ok(());
        }
        Err(InferError(format!("it takes at most {limit} inputs, but has {}", self.len())))
    }

    /// Refuses given inputs whose element types differ from the first's.
    pub fn same_dtype(self) -> Result<(), InferError> {
        let mut given = self.0.iter().flatten();
        let Some(first) = given.next() else { return Ok(()) };
        match given.find(|ty| ty.dtype != first.dtype) {
            None => Ok(()),
            Some(other) => Err(InferError(format!(
                "its inputs must have one element type, but have {} and {}",
                first.dtype, other.dtype
            ))),
        }
    }
}

/// Refuses an element type that is not accepted.
pub(crate) fn expect_dtype(ty: &TensorType, accepted: bool, what: &str) -> Result<(), InferError> {
    if accepted {
        return Ok(());
    }
    Err(InferError(format!("it takes {what}, not {}", ty.dtype)))
}
