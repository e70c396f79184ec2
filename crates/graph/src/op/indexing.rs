//! Operators that read at places which other tensors name.
//!
//! Indices are `i32` or `i64`; negative ones count from the end. An index outside of its dimension is found
//! when the graph runs.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use super::slicing::check_axis;
use crate::dtype::DType;
use crate::shape::{Shape, TensorType};

/// Inputs: data `[a…, n, b…]`, indices `[i…]`. Output `[a…, i…, b…]`: the slices of data at the indices along
/// one dimension, as `numpy.take`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gather {
    /// The dimension of size n.
    pub axis: usize,
}

impl Operator for Gather {
    fn name(&self) -> &'static str {
        "Gather"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let data = inputs.required(0, "data")?;
        let indices = inputs.required(1, "indices")?;
        check_axis(self.axis, data)?;
        expect_indices(indices)?;
        let (before, after) = (&data.shape[..self.axis], &data.shape[self.axis + 1..]);
        Ok(vec![TensorType::new(data.dtype, [before, &indices.shape, after].concat())])
    }
}

/// Inputs: data and indices, of one rank. Output, of the indices' shape: `data[…, indices[…, i, …], …]` along one
/// dimension, as `torch.gather`. In the other dimensions, indices may be smaller than data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GatherElements {
    /// The dimension.
    pub axis: usize,
}

impl Operator for GatherElements {
    fn name(&self) -> &'static str {
        "GatherElements"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let data = inputs.required(0, "data")?;
        let indices = inputs.required(1, "indices")?;
        check_axis(self.axis, data)?;
        expect_indices(indices)?;
        expect_within(indices, data, self.axis)?;
        Ok(vec![TensorType::new(data.dtype, indices.shape.clone())])
    }
}

/// Inputs: data `[a…, d…]`, indices `[a…, i…, k]`. Output `[a…, i…, d[k..]…]`: the slices of data that start at
/// the coordinates which the indices' last dimension holds, within each of the batches `a…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GatherNd {
    /// The number of leading dimensions `a…` that data and indices share.
    pub batch_dims: usize,
}

impl Operator for GatherNd {
    fn name(&self) -> &'static str {
        "GatherND"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let data = inputs.required(0, "data")?;
        let indices = inputs.required(1, "indices")?;
        expect_indices(indices)?;
        let mismatch = || {
            let batch_dims = self.batch_dims;
            InferError(format!(
                "{indices} does not index {data} with {batch_dims} batch dimensions"
            ))
        };
        let (&k, leading) = indices.shape.split_last().ok_or_else(mismatch)?;
        let batch = leading.get(..self.batch_dims).ok_or_else(mismatch)?;
        let rest = data.shape.get(self.batch_dims..).ok_or_else(mismatch)?;
        let slice = rest.get(k..).ok_or_else(mismatch)?;
        if data.shape[..self.batch_dims] != *batch {
            return Err(mismatch());
        }
        Ok(vec![TensorType::new(data.dtype, [leading, slice].concat())])
    }
}

/// Inputs: indices (numbers), values `[2]` (off, on). Output: the indices' shape with one dimension of size
/// `depth` inserted, along which the element at the index is `on` and all others are `off`; all are `off`
/// for an index outside of −depth … depth − 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OneHot {
    /// Where the new dimension stands in the output.
    pub axis: usize,
    /// Its size.
    pub depth: usize,
}

impl Operator for OneHot {
    fn name(&self) -> &'static str {
        "OneHot"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let indices = inputs.required(0, "indices")?;
        let values = inputs.required(1, "values")?;
        let numbers = indices.dtype.is_float() || indices.dtype.is_integer();
        expect_dtype(indices, numbers, "numbers as indices")?;
        if values.shape != [2] {
            return Err(InferError(format!("the values must be [off, on], not {values}")));
        }
        if self.axis > indices.rank() {
            return Err(InferError(format!(
                "a dimension cannot be inserted at place {} of {indices}",
                self.axis
            )));
        }
        let mut shape: Shape = indices.shape.clone();
        shape.insert(self.axis, self.depth);
        Ok(vec![TensorType::new(values.dtype, shape)])
    }
}

/// Refuses anything but `i32` and `i64`.
pub(crate) fn expect_indices(ty: &TensorType) -> Result<(), InferError> {
    expect_dtype(ty, matches!(ty.dtype, DType::I32 | DType::I64), "indices of i32 or i64")
}

/// Refuses indices that are larger than the data in a dimension other than `axis`.
pub(crate) fn expect_within(
    indices: &TensorType,
    data: &TensorType,
    axis: usize,
) -> Result<(), InferError> {
    let fits = indices.rank() == data.rank()
        && (0..data.rank()).all(|d| d == axis || indices.shape[d] <= data.shape[d]);
    if fits {
        return Ok(());
    }
    Err(InferError(format!("{indices} does not fit {data} in the dimensions other than {axis}")))
}
