//! Indices given as data.

use tachy_graph::{DType, TensorView};

use crate::kernel::DataError;

/// Calls a function with each index's number and value, in order.
pub(super) fn for_each_index(
    indices: TensorView<'_>,
    mut function: impl FnMut(usize, i64) -> Result<(), DataError>,
) -> Result<(), DataError> {
    if indices.dtype == DType::I32 {
        let indices = indices.as_slice::<i32>().expect("the element type was just looked at");
        indices.iter().enumerate().try_for_each(|(number, index)| function(number, (*index).into()))
    } else {
        let indices = indices.as_slice::<i64>().expect("the type rule requires i32 or i64");
        indices.iter().enumerate().try_for_each(|(number, index)| function(number, *index))
    }
}

/// An index, negative from the end, as a position in a dimension of this size.
pub(super) fn position(index: i64, size: usize) -> Result<usize, DataError> {
    let position = if index < 0 { index.saturating_add(size as i64) } else { index };
    usize::try_from(position)
        .ok()
        .filter(|position| *position < size)
        .ok_or_else(|| DataError(format!("index {index} is outside of an axis of size {size}")))
}
