//! Operators that write at places which other tensors name.
//!
//! Indices are `i32` or `i64`; negative ones count from the end. An index outside of its dimension is found
//! when the graph runs. Of several plain writes to one place the last one stays.

use super::indexing::{expect_indices, expect_within};
use super::operator::{InferError, Inputs, Operator, expect_dtype};
use super::slicing::check_axis;
use crate::dtype::DType;
use crate::shape::TensorType;

/// How an update meets the element that it is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScatterReduction {
    /// The update replaces it.
    Replace,
    /// The sum of both.
    Add,
    /// The product of both.
    Mul,
    /// The smaller; NaN wins.
    Min,
    /// The larger; NaN wins.
    Max,
}

impl ScatterReduction {
    fn expect(self, data: &TensorType) -> Result<(), InferError> {
        let number = data.dtype.is_float() || data.dtype.is_integer() && data.dtype.bits() >= 8;
        expect_dtype(data, self == ScatterReduction::Replace || number, "numbers to combine")
    }
}

/// Inputs: data, indices and updates, of one rank, the latter two of one shape. Output: data, with each update
/// written to `[…, indices[…, i, …], …]` along one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScatterElements {
    /// The dimension.
    pub axis: usize,
    /// How an update meets the element.
    pub reduction: ScatterReduction,
}

impl Operator for ScatterElements {
    fn name(&self) -> &'static str {
        "ScatterElements"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        let (data, indices, updates) = scatter_inputs(inputs)?;
        check_axis(self.axis, data)?;
        expect_within(indices, data, self.axis)?;
        if updates.shape != indices.shape {
            return Err(InferError(format!("{updates} and {indices} must have one shape")));
        }
        self.reduction.expect(data)?;
        Ok(vec![data.clone()])
    }
}

/// Inputs: data `[d…]`, indices `[i…, k]`, updates `[i…, d[k..]…]`. Output: data, with each slice of updates
/// written to the coordinates which the indices' last dimension holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScatterNd {
    /// How an update meets the element.
    pub reduction: ScatterReduction,
}

impl Operator for ScatterNd {
    fn name(&self) -> &'static str {
        "ScatterND"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        let (data, indices, updates) = scatter_inputs(inputs)?;
        let mismatch = || InferError(format!("{indices} does not index {data}"));
        let (&k, leading) = indices.shape.split_last().ok_or_else(mismatch)?;
        let slice = data.shape.get(k..).ok_or_else(mismatch)?;
        let expected = [leading, slice].concat();
        if updates.shape != expected {
            return Err(InferError(format!("the updates must be {expected:?}, not {updates}")));
        }
        self.reduction.expect(data)?;
        Ok(vec![data.clone()])
    }
}

fn scatter_inputs(
    inputs: Inputs<'_>,
) -> Result<(&TensorType, &TensorType, &TensorType), InferError> {
    inputs.at_most(3)?;
    let data = inputs.required(0, "data")?;
    let indices = inputs.required(1, "indices")?;
    let updates = inputs.required(2, "updates")?;
    expect_indices(indices)?;
    if updates.dtype != data.dtype {
        return Err(InferError(format!(
            "data and updates must have one element type, but have {} and {}",
            data.dtype, updates.dtype
        )));
    }
    Ok((data, indices, updates))
}

/// Inputs: past cache `[batch, …, n, …]`, update `[batch, …, m, …]` with m ≤ n, and optionally the write indices
/// `[batch]` (`i64`, 0 if left out). Output: the cache, with each batch's update written along one dimension
/// from its write index on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TensorScatter {
    /// The dimension of sizes n and m; not the first.
    pub axis: usize,
    /// Whether writing goes on at the start when the end is reached, or may not reach beyond the end.
    pub circular: bool,
}

impl Operator for TensorScatter {
    fn name(&self) -> &'static str {
        "TensorScatter"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let cache = inputs.required(0, "past_cache")?;
        let update = inputs.required(1, "update")?;
        Inputs(&inputs.0[..2]).same_dtype()?;
        check_axis(self.axis, cache)?;
        if self.axis == 0 {
            return Err(InferError::new(
                "the sequence axis cannot be the first: that is the batch",
            ));
        }
        let fits = cache.rank() == update.rank()
            && (0..cache.rank()).all(|d| match d == self.axis {
                true => update.shape[d] <= cache.shape[d],
                false => update.shape[d] == cache.shape[d],
            });
        if !fits {
            return Err(InferError(format!(
                "{update} cannot be written into {cache} along axis {}",
                self.axis
            )));
        }
        if let Some(write) = inputs.get(2)
            && (write.dtype != DType::I64 || write.shape != cache.shape[..1])
        {
            return Err(InferError(format!(
                "the write indices must be i64[{}], not {write}",
                cache.shape[0]
            )));
        }
        Ok(vec![cache.clone()])
    }
}
