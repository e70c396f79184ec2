//! Builder methods for operators that move elements.

use super::GraphBuilder;
use crate::graph::{GraphError, ValueId};
use crate::op::movement::{Reshape, Transpose};
use crate::shape::Shape;

impl GraphBuilder {
    /// The same elements in another shape.
    ///
    /// # Errors
    /// If the shape holds another number of elements.
    pub fn reshape(&mut self, x: ValueId, shape: impl Into<Shape>) -> Result<ValueId, GraphError> {
        self.apply(Reshape { shape: shape.into() }, &[x])
    }

    /// The dimensions in another order: dimension `i` of the result is dimension `permutation[i]` of x.
    ///
    /// # Errors
    /// If `permutation` is not a permutation of x's dimensions.
    pub fn transpose(
        &mut self,
        x: ValueId,
        permutation: impl Into<Vec<usize>>,
    ) -> Result<ValueId, GraphError> {
        self.apply(Transpose { permutation: permutation.into() }, &[x])
    }
}
