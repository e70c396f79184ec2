//! Arithmetic on shapes: sizes, strides and broadcasting.

use std::fmt;

use thiserror::Error;

use crate::dtype::DType;

/// The sizes of a tensor's dimensions, outermost first. A scalar's is empty.
pub type Shape = Vec<usize>;

/// What is known of a tensor before it exists: its element type and its shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TensorType {
    /// The element type.
    pub dtype: DType,
    /// The shape.
    pub shape: Shape,
}

impl TensorType {
    /// The type of a tensor with this element type and shape.
    pub fn new(dtype: DType, shape: impl Into<Shape>) -> Self {
        Self { dtype, shape: shape.into() }
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The number of elements; an error if it, or its size in bytes, is beyond what a process can address.
    pub fn element_count(&self) -> Result<usize, ShapeError> {
        let count = element_count(&self.shape)?;
        count
            .checked_mul(self.dtype.size())
            .filter(|bytes| *bytes <= isize::MAX as usize)
            .ok_or_else(|| ShapeError::TooLarge { shape: self.shape.clone() })?;
        Ok(count)
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.dtype, self.shape)
    }
}

/// Shapes that do not exist or do not go together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// The number of bytes does not fit into an address space.
    #[error("the shape {shape:?} has more elements than a process can address")]
    TooLarge {
        /// The shape asked for.
        shape: Shape,
    },
    /// Two shapes that do not broadcast.
    #[error(
        "the shapes {left:?} and {right:?} do not broadcast: counted from the right, two sizes must be equal or one of them 1"
    )]
    Broadcast {
        /// One of the shapes.
        left: Shape,
        /// The other.
        right: Shape,
    },
    /// An axis outside of the tensor.
    #[error("axis {axis} is outside of a tensor of rank {rank}")]
    Axis {
        /// The axis asked for; negative ones count from the end.
        axis: i64,
        /// The tensor's rank.
        rank: usize,
    },
}

/// The number of elements of a tensor of this shape.
pub fn element_count(shape: &[usize]) -> Result<usize, ShapeError> {
    // A zero anywhere makes the tensor empty, however large the other sizes are.
    if shape.contains(&0) {
        return Ok(0);
    }
    shape
        .iter()
        .try_fold(1usize, |count, &size| count.checked_mul(size))
        .filter(|count| *count <= isize::MAX as usize)
        .ok_or_else(|| ShapeError::TooLarge { shape: shape.to_vec() })
}

/// The distance, in elements, between neighbours along each dimension of a contiguous tensor (row-major).
pub fn contiguous_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![0; shape.len()];
    let mut stride = 1usize;
    for (slot, &size) in strides.iter_mut().zip(shape).rev() {
        *slot = stride;
        stride = stride.saturating_mul(size);
    }
    strides
}

/// The shape that both broadcast to, by NumPy's rule: aligned at the right, sizes equal or one of them 1.
pub fn broadcast(left: &[usize], right: &[usize]) -> Result<Shape, ShapeError> {
    let rank = left.len().max(right.len());
    let size = |shape: &[usize], index: usize| {
        (index + shape.len()).checked_sub(rank).map_or(1, |index| shape[index])
    };
    (0..rank)
        .map(|index| match (size(left, index), size(right, index)) {
            (a, b) if a == b => Ok(a),
            (1, b) => Ok(b),
            (a, 1) => Ok(a),
            _ => Err(ShapeError::Broadcast { left: left.to_vec(), right: right.to_vec() }),
        })
        .collect()
}

/// The shape that all broadcast to; a scalar's if there are none.
pub fn broadcast_all<'a>(
    shapes: impl IntoIterator<Item = &'a [usize]>,
) -> Result<Shape, ShapeError> {
    shapes.into_iter().try_fold(Shape::new(), |all, shape| broadcast(&all, shape))
}

/// The strides with which a contiguous tensor of shape `from` is read as if it had the shape `to`:
/// 0 along broadcast dimensions. `from` must broadcast to `to`.
pub fn broadcast_strides(from: &[usize], to: &[usize]) -> Vec<usize> {
    let own = contiguous_strides(from);
    let offset = to.len() - from.len();
    (0..to.len())
        .map(|index| match index.checked_sub(offset) {
            Some(index) if from[index] != 1 => own[index],
            _ => 0,
        })
        .collect()
}

/// An axis as ONNX writes it (negative: from the end), as an index into a shape of this rank.
pub fn normalize_axis(axis: i64, rank: usize) -> Result<usize, ShapeError> {
    let index = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    index
        .and_then(|index| usize::try_from(index).ok())
        .filter(|index| *index < rank)
        .ok_or(ShapeError::Axis { axis, rank })
}
