//! What constants are to a pass: numbers that are the same everywhere, or one for each channel.

use super::rewriter::Rewriter;
use crate::dtype::DType;
use crate::graph::ValueId;
use crate::tensor::Tensor;

impl Rewriter {
    /// The number that every element of a constant of f32 is.
    pub(super) fn uniform(&self, value: ValueId) -> Option<f32> {
        let (first, rest) = self.constant(value)?.as_slice::<f32>().ok()?.split_first()?;
        rest.iter().all(|other| other.to_bits() == first.to_bits()).then_some(*first)
    }

    /// Whether every element of a constant of numbers is this integer.
    pub(super) fn is_all(&self, value: ValueId, number: i8) -> bool {
        let Some(tensor) = self.constant(value) else { return false };
        let dtype = tensor.dtype();
        let Ok(one) = Tensor::scalar(number).cast(dtype, Default::default()) else { return false };
        dtype.is_number()
            && tensor.element_count() > 0
            && tensor.bytes().chunks_exact(dtype.size()).all(|bytes| bytes == one.bytes())
    }

    /// A constant of f32 that broadcasts to `shape` and differs along `axis` at most: its number for each position
    /// of this axis.
    pub(super) fn per_channel(
        &self,
        value: ValueId,
        shape: &[usize],
        axis: usize,
    ) -> Option<Vec<f32>> {
        let tensor = self.constant(value)?;
        let numbers = tensor.as_slice::<f32>().ok()?;
        let missing = shape.len().checked_sub(tensor.rank())?;
        let along = |place: usize| place + missing == axis;
        let flat = tensor.shape().iter().enumerate().all(|(i, size)| *size == 1 || along(i));
        match numbers {
            _ if !flat => None,
            [number] => Some(vec![*number; shape[axis]]),
            _ => (numbers.len() == shape[axis]).then(|| numbers.to_vec()),
        }
    }

    /// The numbers of a constant of f32.
    pub(super) fn numbers(&self, value: ValueId) -> Option<&[f32]> {
        let tensor = self.constant(value)?;
        (tensor.dtype() == DType::F32).then(|| tensor.as_slice::<f32>().ok())?
    }
}
