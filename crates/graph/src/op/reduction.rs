//! Operators that combine the elements along some dimensions.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use crate::dtype::DType;
use crate::shape::{Shape, ShapeError, TensorType};

/// The elements along some dimensions combined into one. Output: the input's shape without these dimensions, or
/// with size 1 in their place.
///
/// An empty set of elements gives what changes nothing: 0 for sums, 1 for products, the least value of the type
/// for a maximum (−∞, `false`) and the greatest for a minimum; the mean of nothing is NaN.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reduce {
    /// How the elements are combined.
    pub kind: ReduceKind,
    /// The dimensions, in rising order. Without any, each element is combined with itself alone.
    pub axes: Vec<usize>,
    /// Whether the dimensions stay, with size 1.
    pub keep_dims: bool,
}

/// How [`Reduce`] combines elements. Integers wrap; their means and norms are truncated towards zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReduceKind {
    /// Σx.
    Sum,
    /// Σx / n.
    Mean,
    /// The largest; NaN wins.
    Max,
    /// The smallest; NaN wins.
    Min,
    /// Πx.
    Prod,
    /// Σ|x|.
    L1,
    /// √Σx².
    L2,
    /// ln Σx.
    LogSum,
    /// ln Σeˣ, without overflow.
    LogSumExp,
    /// Σx².
    SumSquare,
}

impl Operator for Reduce {
    fn name(&self) -> &'static str {
        match self.kind {
            ReduceKind::Sum => "ReduceSum",
            ReduceKind::Mean => "ReduceMean",
            ReduceKind::Max => "ReduceMax",
            ReduceKind::Min => "ReduceMin",
            ReduceKind::Prod => "ReduceProd",
            ReduceKind::L1 => "ReduceL1",
            ReduceKind::L2 => "ReduceL2",
            ReduceKind::LogSum => "ReduceLogSum",
            ReduceKind::LogSumExp => "ReduceLogSumExp",
            ReduceKind::SumSquare => "ReduceSumSquare",
        }
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "data")?;
        let boolean =
            matches!(self.kind, ReduceKind::Max | ReduceKind::Min) && input.dtype == DType::Bool;
        expect_dtype(input, boolean || input.dtype.is_number(), "numbers")?;
        if !self.axes.is_sorted_by(|a, b| a < b) {
            return Err(InferError(format!("the axes {:?} must be in rising order", self.axes)));
        }
        Ok(vec![TensorType::new(input.dtype, reduced(&input.shape, &self.axes, self.keep_dims)?)])
    }
}

/// A shape without these axes, or with 1 in their place.
fn reduced(shape: &[usize], axes: &[usize], keep_dims: bool) -> Result<Shape, InferError> {
    check_axes(shape, axes)?;
    let sizes = shape.iter().enumerate().filter_map(|(axis, size)| match axes.contains(&axis) {
        false => Some(*size),
        true => keep_dims.then_some(1),
    });
    Ok(sizes.collect())
}

fn check_axes(shape: &[usize], axes: &[usize]) -> Result<(), ShapeError> {
    let rank = shape.len();
    match axes.iter().find(|axis| **axis >= rank) {
        None => Ok(()),
        Some(&axis) => {
            Err(ShapeError::Axis { axis: i64::try_from(axis).unwrap_or(i64::MAX), rank })
        }
    }
}

/// The index of the largest or smallest element along a dimension, as `i64`. NaN counts as the largest and as
/// the smallest. Output: the input's shape without the dimension, or with size 1 in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArgExtremum {
    /// Whether the largest is meant (`ArgMax`), not the smallest (`ArgMin`).
    pub largest: bool,
    /// The dimension; it must not be empty.
    pub axis: usize,
    /// Whether the dimension stays, with size 1.
    pub keep_dims: bool,
    /// Whether the last of several equal elements is meant, not the first.
    pub select_last: bool,
}

impl Operator for ArgExtremum {
    fn name(&self) -> &'static str {
        if self.largest { "ArgMax" } else { "ArgMin" }
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "data")?;
        expect_dtype(input, input.dtype.is_number(), "numbers")?;
        let shape = reduced(&input.shape, &[self.axis], self.keep_dims)?;
        if input.shape[self.axis] == 0 {
            return Err(InferError(format!(
                "there is no element along axis {} of {input}",
                self.axis
            )));
        }
        Ok(vec![TensorType::new(DType::I64, shape)])
    }
}

/// Sums or products of the elements up to each, along a dimension. Output: the input's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cumulative {
    /// Whether products are meant (`CumProd`), not sums (`CumSum`).
    pub product: bool,
    /// The dimension.
    pub axis: usize,
    /// Whether each element itself is left out.
    pub exclusive: bool,
    /// Whether to go from the last element to the first.
    pub reverse: bool,
}

impl Operator for Cumulative {
    fn name(&self) -> &'static str {
        if self.product { "CumProd" } else { "CumSum" }
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "x")?;
        expect_dtype(input, input.dtype.is_number(), "numbers")?;
        check_axes(&input.shape, &[self.axis])?;
        Ok(vec![input.clone()])
    }
}

/// The elements along a dimension as shares of a whole. Output: the input's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Softmax {
    /// Which shares.
    pub kind: SoftmaxKind,
    /// The dimension.
    pub axis: usize,
}

/// Which shares [`Softmax`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SoftmaxKind {
    /// eˣ / Σeˣ.
    Softmax,
    /// Its natural logarithm, x − ln Σeˣ.
    LogSoftmax,
    /// 1 for the first of the largest, 0 for all others.
    Hardmax,
}

impl Operator for Softmax {
    fn name(&self) -> &'static str {
        match self.kind {
            SoftmaxKind::Softmax => "Softmax",
            SoftmaxKind::LogSoftmax => "LogSoftmax",
            SoftmaxKind::Hardmax => "Hardmax",
        }
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "input")?;
        expect_dtype(input, input.dtype.is_float(), "floats")?;
        check_axes(&input.shape, &[self.axis])?;
        Ok(vec![input.clone()])
    }
}

/// The k largest or smallest elements along a dimension, best first; of equal ones, the first first. NaN counts
/// as the largest. Outputs: the values and their indices (`i64`), the input's shape with k along the dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TopK {
    /// The dimension.
    pub axis: usize,
    /// How many; at most as many as there are.
    pub k: usize,
    /// Whether the largest are meant, not the smallest.
    pub largest: bool,
}

impl Operator for TopK {
    fn name(&self) -> &'static str {
        "TopK"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "X")?;
        expect_dtype(input, input.dtype.is_number(), "numbers")?;
        check_axes(&input.shape, &[self.axis])?;
        if self.k > input.shape[self.axis] {
            return Err(InferError(format!(
                "it is to find {} elements along axis {} of {input}, which has only {}",
                self.k, self.axis, input.shape[self.axis]
            )));
        }
        let mut shape = input.shape.clone();
        shape[self.axis] = self.k;
        Ok(vec![TensorType::new(input.dtype, shape.clone()), TensorType::new(DType::I64, shape)])
    }
}
