//! Operations that change the places of elements, and reductions.

use tachy_runtime::Result;

use super::{Operands, Stream};
use crate::array::Array;
use crate::element::Element;
use crate::operation::Operation;

/// Elements keep their values and change their places.
impl Stream {
    /// The same elements in another shape.
    ///
    /// # Errors
    /// If the new shape holds another number of elements.
    pub fn reshape(&self, a: &Array, shape: &[usize]) -> Result<Array> {
        self.one(Operation::Reshape, &[Some(a)], &Operands::none().list(shape))
    }

    /// Dimension i of the output is dimension `permutation[i]` of the input.
    ///
    /// # Errors
    /// If it is no permutation of the dimensions.
    pub fn transpose(&self, a: &Array, permutation: &[usize]) -> Result<Array> {
        self.one(Operation::Transpose, &[Some(a)], &Operands::none().list(permutation))
    }

    /// The input read as if it had this shape.
    ///
    /// # Errors
    /// If it does not broadcast to it.
    pub fn broadcast_to(&self, a: &Array, shape: &[usize]) -> Result<Array> {
        self.one(Operation::BroadcastTo, &[Some(a)], &Operands::none().list(shape))
    }

    /// The elements of a contiguous array at `offset` + Σ index · stride.
    ///
    /// The places must lie within the array: MLX does not check that, so this is for the crate alone.
    ///
    /// # Errors
    /// If shape and strides differ in length.
    pub(crate) fn as_strided(
        &self,
        a: &Array,
        shape: &[usize],
        strides: &[usize],
        offset: usize,
    ) -> Result<Array> {
        let operands = Operands::none().list(shape).list(strides).integer(offset);
        self.one(Operation::AsStrided, &[Some(a)], &operands)
    }

    /// Evenly spaced positions of every dimension: from `start` to before `stop`. With a negative step, positions count
    /// down to after `stop`, and −1 − size is before the first.
    ///
    /// # Errors
    /// If the lists are not as long as the input has dimensions.
    pub fn slice(&self, a: &Array, start: &[i64], stop: &[i64], step: &[i64]) -> Result<Array> {
        let operands = Operands::none().list(start).list(stop).list(step);
        self.one(Operation::Slice, &[Some(a)], &operands)
    }

    /// The first array with the second written to evenly spaced positions.
    ///
    /// # Errors
    /// As [`slice`](Self::slice), and if the second array does not broadcast to them.
    pub fn slice_update(
        &self,
        a: &Array,
        update: &Array,
        start: &[i64],
        stop: &[i64],
        step: &[i64],
    ) -> Result<Array> {
        let operands = Operands::none().list(start).list(stop).list(step);
        self.one(Operation::SliceUpdate, &[Some(a), Some(update)], &operands)
    }

    /// So many elements along one dimension, from a place on.
    ///
    /// # Errors
    /// If they lie outside of the array.
    pub fn narrow(&self, a: &Array, axis: usize, start: usize, size: usize) -> Result<Array> {
        let shape = a.shape();
        let mut from = vec![0; shape.len()];
        let mut to: Vec<i64> = shape.iter().map(|size| *size as i64).collect();
        from[axis] = start as i64;
        to[axis] = (start + size) as i64;
        self.slice(a, &from, &to, &vec![1; shape.len()])
    }

    /// All arrays, one behind the other along a dimension.
    ///
    /// # Errors
    /// If the other dimensions differ.
    pub fn concatenate(&self, arrays: &[Array], axis: usize) -> Result<Array> {
        let arrays: Vec<Option<&Array>> = arrays.iter().map(Some).collect();
        self.one(Operation::Concatenate, &arrays, &Operands::none().integer(axis))
    }

    /// The array with a value added before and after each dimension.
    ///
    /// # Errors
    /// If the lists are not as long as the input has dimensions.
    pub fn pad(&self, a: &Array, low: &[usize], high: &[usize], value: &Array) -> Result<Array> {
        let operands = Operands::none().list(low).list(high);
        self.one(Operation::Pad, &[Some(a), Some(value)], &operands)
    }

    /// The whole, repeated along every dimension.
    ///
    /// # Errors
    /// If the list is not as long as the input has dimensions.
    pub fn tile(&self, a: &Array, repeats: &[usize]) -> Result<Array> {
        self.one(Operation::Tile, &[Some(a)], &Operands::none().list(repeats))
    }

    /// One value everywhere.
    ///
    /// # Errors
    /// If the array would be larger than the memory limit.
    pub fn full(&self, shape: &[usize], value: f64, element: Element) -> Result<Array> {
        let operands = Operands::none().integer(element.code()).list(shape).real(value);
        self.one(Operation::Full, &[], &operands)
    }

    /// start, start + step, … before stop.
    ///
    /// # Errors
    /// If MLX refuses the element type or the range.
    pub fn arange(&self, start: f64, stop: f64, step: f64, element: Element) -> Result<Array> {
        let operands = Operands::none().integer(element.code()).real(start).real(stop).real(step);
        self.one(Operation::Arange, &[], &operands)
    }

    /// Slices at indices along one dimension. Indices beyond the dimension are not checked by MLX.
    ///
    /// # Errors
    /// If the indices are no integers.
    pub(crate) fn take(&self, a: &Array, indices: &Array, axis: usize) -> Result<Array> {
        self.one(Operation::Take, &[Some(a), Some(indices)], &Operands::none().integer(axis))
    }

    /// Elements at indices along one dimension. Indices beyond the dimension are not checked by MLX.
    ///
    /// # Errors
    /// If the ranks differ.
    pub(crate) fn take_along_axis(&self, a: &Array, indices: &Array, axis: usize) -> Result<Array> {
        let operands = Operands::none().integer(axis);
        self.one(Operation::TakeAlongAxis, &[Some(a), Some(indices)], &operands)
    }

    /// Rows of updates that meet the rows of a matrix at indices, by one of the `scatter` operations. Indices beyond the
    /// rows are not checked by MLX.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub(crate) fn scatter_rows(
        &self,
        operation: Operation,
        a: &Array,
        indices: &Array,
        updates: &Array,
    ) -> Result<Array> {
        self.one(operation, &[Some(a), Some(updates), Some(indices)], &Operands::none().list(&[0]))
    }

    /// The indices that sort along one dimension; equal elements keep their order, and NaN comes last.
    ///
    /// # Errors
    /// If there is no such dimension.
    pub fn argsort(&self, a: &Array, axis: usize) -> Result<Array> {
        self.one(Operation::Argsort, &[Some(a)], &Operands::none().integer(axis))
    }
}

macro_rules! reductions {
    ($($(#[$doc:meta])* $name:ident => $operation:ident;)*) => {
        /// Elements combined along dimensions, which stay with size 1 if asked.
        impl Stream {
            $($(#[$doc])*
            ///
            /// # Errors
            /// If there are no such dimensions.
            pub fn $name(&self, a: &Array, axes: &[usize], keep: bool) -> Result<Array> {
                let operands = Operands::none().list(axes).flag(keep);
                self.one(Operation::$operation, &[Some(a)], &operands)
            })*
        }
    };
}

reductions! {
    /// The sum.
    sum => Sum;
    /// The mean.
    mean => Mean;
    /// The largest; NaN wins.
    max => Max;
    /// The smallest; NaN wins.
    min => Min;
    /// The product.
    prod => Prod;
    /// The variance, with the number of elements as divisor.
    variance => Variance;
    /// ln Σeᵃ.
    logsumexp => Logsumexp;
    /// Whether all hold.
    all => All;
    /// Whether any holds.
    any => Any;
}

/// Along one dimension.
impl Stream {
    /// The place of the first of the largest.
    ///
    /// # Errors
    /// If there is no such dimension.
    pub fn argmax(&self, a: &Array, axis: usize, keep: bool) -> Result<Array> {
        self.one(Operation::Argmax, &[Some(a)], &Operands::none().integer(axis).flag(keep))
    }

    /// The place of the first of the smallest.
    ///
    /// # Errors
    /// If there is no such dimension.
    pub fn argmin(&self, a: &Array, axis: usize, keep: bool) -> Result<Array> {
        self.one(Operation::Argmin, &[Some(a)], &Operands::none().integer(axis).flag(keep))
    }

    /// Sums of the elements up to each.
    ///
    /// # Errors
    /// If there is no such dimension.
    pub fn cumsum(&self, a: &Array, axis: usize, reverse: bool, inclusive: bool) -> Result<Array> {
        let operands = Operands::none().integer(axis).flag(reverse).flag(inclusive);
        self.one(Operation::Cumsum, &[Some(a)], &operands)
    }

    /// Products of the elements up to each.
    ///
    /// # Errors
    /// If there is no such dimension.
    pub fn cumprod(&self, a: &Array, axis: usize, reverse: bool, inclusive: bool) -> Result<Array> {
        let operands = Operands::none().integer(axis).flag(reverse).flag(inclusive);
        self.one(Operation::Cumprod, &[Some(a)], &operands)
    }

    /// eᵃ / Σeᵃ, summed in f32.
    ///
    /// # Errors
    /// If there is no such dimension.
    pub fn softmax(&self, a: &Array, axis: usize) -> Result<Array> {
        self.one(Operation::Softmax, &[Some(a)], &Operands::none().integer(axis).flag(true))
    }
}
