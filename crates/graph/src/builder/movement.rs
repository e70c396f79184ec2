//! Builder methods for operators that move elements.

use super::GraphBuilder;
use crate::graph::{GraphError, ValueId};
use crate::op::indexing::Gather;
use crate::op::movement::{Expand, Reshape, Tile, Transpose};
use crate::op::slicing::{Concat, Pad, PadMode, Slice, SliceAxis, Split};
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

    /// x with dimensions of size 1 repeated to this shape.
    ///
    /// # Errors
    /// If x does not broadcast to the shape.
    pub fn expand(&mut self, x: ValueId, shape: impl Into<Shape>) -> Result<ValueId, GraphError> {
        self.apply(Expand { shape: shape.into() }, &[x])
    }

    /// x repeated along every dimension.
    ///
    /// # Errors
    /// If there is not one number of repeats for each dimension.
    pub fn tile(
        &mut self,
        x: ValueId,
        repeats: impl Into<Vec<usize>>,
    ) -> Result<ValueId, GraphError> {
        self.apply(Tile { repeats: repeats.into() }, &[x])
    }

    /// Several values, one behind the other along one dimension.
    ///
    /// # Errors
    /// If their other dimensions or their element types differ.
    pub fn concat(&mut self, values: &[ValueId], axis: usize) -> Result<ValueId, GraphError> {
        self.apply(Concat { axis }, values)
    }

    /// x cut along one dimension into parts of these sizes.
    ///
    /// # Errors
    /// If the sizes do not add up to the dimension.
    pub fn split(
        &mut self,
        x: ValueId,
        axis: usize,
        sizes: impl Into<Vec<usize>>,
    ) -> Result<Vec<ValueId>, GraphError> {
        self.node(Split { axis, sizes: sizes.into() }, &[Some(x)])
    }

    /// The positions of one dimension from the start of a range to its end.
    ///
    /// # Errors
    /// If the dimension does not exist, or does not hold the range.
    pub fn slice(
        &mut self,
        x: ValueId,
        axis: usize,
        range: std::ops::Range<usize>,
    ) -> Result<ValueId, GraphError> {
        let mut axes: Vec<_> =
            self.ty(x).shape.iter().map(|size| SliceAxis::whole(*size)).collect();
        let taken = SliceAxis { start: range.start, step: 1, size: range.len() };
        match axes.get_mut(axis) {
            Some(axis) => *axis = taken,
            // The type rule refuses one axis too many, in its own words.
            None => axes.push(taken),
        }
        self.apply(Slice { axes }, &[x])
    }

    /// x with zeros added before and after each dimension; negative numbers take elements away.
    ///
    /// # Errors
    /// If there is not one pair for each dimension, or more is taken away than there is.
    pub fn pad(
        &mut self,
        x: ValueId,
        pads: impl Into<Vec<(i64, i64)>>,
    ) -> Result<ValueId, GraphError> {
        self.apply(Pad { pads: pads.into(), mode: PadMode::Constant }, &[x])
    }

    /// The slices of x at the indices (`i32` or `i64`) along one dimension.
    ///
    /// # Errors
    /// If the dimension does not exist, or the indices are of another element type.
    pub fn gather(
        &mut self,
        x: ValueId,
        indices: ValueId,
        axis: usize,
    ) -> Result<ValueId, GraphError> {
        self.apply(Gather { axis }, &[x, indices])
    }
}
