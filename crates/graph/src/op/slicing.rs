//! Operators that take tensors apart and put them together.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use crate::dtype::DType;
use crate::shape::{Shape, TensorType, normalize_axis};

/// All inputs, one behind the other along one dimension. The other dimensions are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Concat {
    /// The dimension.
    pub axis: usize,
}

impl Operator for Concat {
    fn name(&self) -> &'static str {
        "Concat"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        let first = inputs.required(0, "inputs[0]")?;
        inputs.same_dtype()?;
        check_axis(self.axis, first)?;
        let mut shape = first.shape.clone();
        for index in 1..inputs.len() {
            let input = inputs.required(index, "inputs[…]")?;
            let fits = input.rank() == first.rank()
                && (0..shape.len())
                    .all(|axis| axis == self.axis || input.shape[axis] == shape[axis]);
            if !fits {
                return Err(InferError(format!(
                    "{first} and {input} cannot be joined along axis {}: their other dimensions differ",
                    self.axis
                )));
            }
            shape[self.axis] = shape[self.axis]
                .checked_add(input.shape[self.axis])
                .ok_or_else(|| InferError::new("the joined dimension is too large"))?;
        }
        Ok(vec![TensorType::new(first.dtype, shape)])
    }
}

/// One input, cut along one dimension into as many outputs as there are sizes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Split {
    /// The dimension.
    pub axis: usize,
    /// The size of each output along it; together the input's.
    pub sizes: Vec<usize>,
}

impl Split {
    /// Cuts a dimension into `count` outputs of one size; the last is smaller if they do not divide it.
    pub fn evenly(axis: usize, size: usize, count: usize) -> Self {
        let chunk = size.div_ceil(count.max(1));
        let sizes = (0..count)
            .map(|index| chunk.min(size.saturating_sub(index.saturating_mul(chunk))))
            .collect();
        Self { axis, sizes }
    }
}

impl Operator for Split {
    fn name(&self) -> &'static str {
        "Split"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "input")?;
        check_axis(self.axis, input)?;
        let total = self.sizes.iter().try_fold(0usize, |sum, size| sum.checked_add(*size));
        if self.sizes.is_empty() || total != Some(input.shape[self.axis]) {
            return Err(InferError(format!(
                "the sizes {:?} do not add up to axis {} of {input}",
                self.sizes, self.axis
            )));
        }
        let output = |size: &usize| {
            let mut shape = input.shape.clone();
            shape[self.axis] = *size;
            TensorType::new(input.dtype, shape)
        };
        Ok(self.sizes.iter().map(output).collect())
    }
}

/// The positions that a [`Slice`] takes of one dimension: `start`, `start + step`, … , `size` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SliceAxis {
    /// The first position.
    pub start: usize,
    /// The distance from each position to the next; negative to go backwards, never 0.
    pub step: i64,
    /// How many positions.
    pub size: usize,
}

impl SliceAxis {
    /// The whole of a dimension of this size.
    pub fn whole(size: usize) -> Self {
        Self { start: 0, step: 1, size }
    }

    /// A dimension of this size, backwards.
    pub fn reversed(size: usize) -> Self {
        Self { start: size.saturating_sub(1), step: -1, size }
    }

    /// `start:end:step` by the rules of ONNX: negative positions count from the end, positions beyond the
    /// dimension are moved to its border. `None` if `step` is 0.
    pub fn resolve(start: i64, end: i64, step: i64, dimension: usize) -> Option<Self> {
        let dimension = i64::try_from(dimension).ok()?;
        if dimension == 0 && step != 0 {
            return Some(Self { start: 0, step, size: 0 });
        }
        let from_start = |position: i64| match position {
            position if position < 0 => position.saturating_add(dimension),
            position => position,
        };
        let (start, end) = (from_start(start), from_start(end));
        let (start, distance) = match step {
            0 => return None,
            1.. => {
                let start = start.clamp(0, dimension);
                (start, end.clamp(0, dimension) - start)
            }
            _ => {
                let start = start.clamp(0, dimension - 1);
                (start, start - end.clamp(-1, dimension - 1))
            }
        };
        let size = u64::try_from(distance).unwrap_or(0).div_ceil(step.unsigned_abs());
        Some(Self { start: usize::try_from(start).unwrap_or(0), step, size: size as usize })
    }

    fn fits(self, dimension: usize) -> bool {
        let last = || {
            let steps = i64::try_from(self.size.checked_sub(1)?).ok()?;
            let last =
                i64::try_from(self.start).ok()?.checked_add(steps.checked_mul(self.step)?)?;
            usize::try_from(last).ok()
        };
        self.step != 0
            && (self.size == 0
                || self.start < dimension && last().is_some_and(|last| last < dimension))
    }
}

/// Evenly spaced positions of every dimension. Flipping a dimension is a slice with step −1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The positions, for each dimension of the input.
    pub axes: Vec<SliceAxis>,
}

impl Operator for Slice {
    fn name(&self) -> &'static str {
        "Slice"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "data")?;
        let fits = self.axes.len() == input.rank()
            && self.axes.iter().zip(&input.shape).all(|(axis, size)| axis.fits(*size));
        if !fits {
            return Err(InferError(format!(
                "{input} does not hold all positions of {:?}",
                self.axes
            )));
        }
        let shape: Shape = self.axes.iter().map(|axis| axis.size).collect();
        Ok(vec![TensorType::new(input.dtype, shape)])
    }
}

/// What stands in the new elements of a [`Pad`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PadMode {
    /// The second input, or zero.
    Constant,
    /// The elements behind the border, mirrored at the border's element (which is not repeated).
    Reflect,
    /// The border's element.
    Edge,
    /// The elements from the other end.
    Wrap,
}

/// Inputs: data, and for [`PadMode::Constant`] optionally a scalar of the same element type. Output: data with
/// elements added before and after each dimension. A negative number takes elements away, before any are added.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pad {
    /// How many elements to add before and after, for each dimension of the input.
    pub pads: Vec<(i64, i64)>,
    /// What stands in the new elements.
    pub mode: PadMode,
}

impl Operator for Pad {
    fn name(&self) -> &'static str {
        "Pad"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        let constant = self.mode == PadMode::Constant;
        inputs.at_most(if constant { 2 } else { 1 })?;
        let data = inputs.required(0, "data")?;
        inputs.same_dtype()?;
        if let Some(value) = inputs.get(1)
            && value.element_count()? != 1
        {
            return Err(InferError(format!("constant_value must be a scalar, not {value}")));
        }
        if self.pads.len() != data.rank() {
            return Err(InferError(format!(
                "{data} needs one pair of pads for each dimension, but there are {}",
                self.pads.len()
            )));
        }
        let shape = (data.shape.iter().zip(&self.pads))
            .map(|(&size, &(before, after))| {
                let kept = i64::try_from(size)
                    .ok()?
                    .checked_add(before.min(0))?
                    .checked_add(after.min(0))?;
                let added = before.max(0).checked_add(after.max(0))?;
                if kept < 0 || (kept == 0 && added > 0 && !constant) {
                    return None;
                }
                usize::try_from(kept.checked_add(added)?).ok()
            })
            .collect::<Option<Shape>>()
            .ok_or_else(|| InferError(format!("{data} cannot be padded by {:?}", self.pads)))?;
        Ok(vec![TensorType::new(data.dtype, shape)])
    }
}

/// Inputs: X `[…, m, n]`, optionally k (an `i64` scalar, 0 if left out). Output: X with zeros below the k-th
/// diagonal (upper) or above it (lower); diagonal 0 is the main one, 1 the next above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Trilu {
    /// Whether the upper triangle is kept, or the lower.
    pub upper: bool,
}

impl Operator for Trilu {
    fn name(&self) -> &'static str {
        "Trilu"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let input = inputs.required(0, "input")?;
        if input.rank() < 2 {
            return Err(InferError(format!("it takes matrices, not {input}")));
        }
        if let Some(k) = inputs.get(1)
            && (k.dtype != DType::I64 || k.element_count()? != 1)
        {
            return Err(InferError(format!("k must be an i64 scalar, not {k}")));
        }
        Ok(vec![input.clone()])
    }
}

/// Inputs: data, `sequence_lens` `[batch]` (`i64`). Output: data with the first `sequence_lens[b]` positions of
/// the time axis in reverse order, for each position `b` of the batch axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReverseSequence {
    /// The batch axis.
    pub batch_axis: usize,
    /// The time axis, another one.
    pub time_axis: usize,
}

impl Operator for ReverseSequence {
    fn name(&self) -> &'static str {
        "ReverseSequence"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let input = inputs.required(0, "input")?;
        let lengths = inputs.required(1, "sequence_lens")?;
        check_axis(self.batch_axis, input)?;
        check_axis(self.time_axis, input)?;
        if self.batch_axis == self.time_axis {
            return Err(InferError::new("the batch axis and the time axis must differ"));
        }
        expect_dtype(lengths, lengths.dtype == DType::I64, "i64 lengths")?;
        if lengths.shape != [input.shape[self.batch_axis]] {
            return Err(InferError(format!(
                "there must be one length for each of the {} sequences, not {lengths}",
                input.shape[self.batch_axis]
            )));
        }
        Ok(vec![input.clone()])
    }
}

/// Refuses an axis outside of the tensor.
pub(crate) fn check_axis(axis: usize, ty: &TensorType) -> Result<(), InferError> {
    normalize_axis(i64::try_from(axis).unwrap_or(i64::MAX), ty.rank())?;
    Ok(())
}
