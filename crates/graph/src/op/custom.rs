//! Operators of the caller's own.

use std::fmt;
use std::sync::Arc;

use super::operator::{InferError, Inputs, Operator};
use crate::shape::TensorType;
use crate::tensor::{TensorView, TensorViewMut};

/// Computes outputs of known types from inputs. It must allocate nothing if real-time safety is to hold.
pub type CustomKernel =
    dyn Fn(&[TensorView<'_>], &mut [TensorViewMut<'_>]) -> Result<(), String> + Send + Sync;

/// The types of the outputs for inputs of these types, or why there are none.
pub type CustomTypes = dyn Fn(&[&TensorType]) -> Result<Vec<TensorType>, String> + Send + Sync;

/// An operator that the caller has written. All of its inputs are given; their number is the type rule's affair.
///
/// Two are equal if they share their closures.
#[derive(Clone)]
pub struct Custom {
    /// The name, for people.
    pub name: Arc<str>,
    /// What is computed.
    pub kernel: Arc<CustomKernel>,
    /// The type rule; it runs when a graph is made, so that a wrong shape is never met while one runs.
    pub types: Arc<CustomTypes>,
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && Arc::ptr_eq(&self.kernel, &other.kernel)
            && Arc::ptr_eq(&self.types, &other.types)
    }
}

impl Operator for Custom {
    fn name(&self) -> &'static str {
        "Custom"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        let given = (0..inputs.len())
            .map(|index| inputs.required(index, "of a custom operator"))
            .collect::<Result<Vec<_>, _>>()?;
        let types = (self.types)(&given).map_err(|reason| {
            InferError(format!("`{}` does not take them: {reason}", self.name))
        })?;
        if types.is_empty() {
            return Err(InferError(format!("`{}` says that it has no output", self.name)));
        }
        Ok(types)
    }
}
