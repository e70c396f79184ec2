//! The places that gathering reads and scattering writes.

use tachy_graph::TensorView;
use tachy_graph::shape::contiguous_strides;

use super::indices::{for_each_index, position};
use crate::kernel::DataError;

/// For indices that replace one coordinate of their own position: the rule of `GatherElements`.
pub(super) struct ElementPlaces {
    /// For each dimension, the sizes of the indices and the strides of the data, innermost first.
    dimensions: Vec<(usize, usize)>,
    axis_size: usize,
    axis_stride: usize,
    places: Vec<usize>,
}

impl ElementPlaces {
    pub(super) fn new(data: &[usize], indices: &[usize], axis: usize) -> Self {
        let strides = contiguous_strides(data);
        let dimensions = (0..data.len()).rev().map(|dimension| {
            let stride = if dimension == axis { 0 } else { strides[dimension] };
            (indices[dimension], stride)
        });
        Self {
            dimensions: dimensions.collect(),
            axis_size: data[axis],
            axis_stride: strides[axis],
            places: vec![0; indices.iter().product()],
        }
    }

    /// The place of each index's element in the data.
    pub(super) fn resolve(&mut self, indices: TensorView<'_>) -> Result<&[usize], DataError> {
        for_each_index(indices, |number, index| {
            let mut rest = number;
            let mut place = position(index, self.axis_size)? * self.axis_stride;
            for (size, stride) in &self.dimensions {
                place += rest % size * stride;
                rest /= size;
            }
            self.places[number] = place;
            Ok(())
        })?;
        Ok(&self.places)
    }
}

/// For indices whose last dimension holds coordinates: the rule of `GatherND`.
pub(super) struct SlicePlaces {
    /// For each coordinate, the size and the stride of its dimension of the data.
    coordinates: Vec<(usize, usize)>,
    /// Places in a batch of the indices, and elements in a batch of the data.
    places_per_batch: usize,
    batch_stride: usize,
    /// Elements in a slice.
    pub slice: usize,
    places: Vec<usize>,
}

impl SlicePlaces {
    pub(super) fn new(data: &[usize], indices: &[usize], batch_dims: usize) -> Self {
        let (&k, leading) = indices.split_last().expect("the type rule requires a dimension");
        let strides = contiguous_strides(data);
        let coordinates = (batch_dims..batch_dims + k).map(|axis| (data[axis], strides[axis]));
        Self {
            coordinates: coordinates.collect(),
            places_per_batch: leading[batch_dims..].iter().product(),
            batch_stride: data[batch_dims..].iter().product(),
            slice: data[batch_dims + k..].iter().product(),
            places: vec![0; leading.iter().product()],
        }
    }

    /// The place of each slice's first element in the data.
    pub(super) fn resolve(&mut self, indices: TensorView<'_>) -> Result<&[usize], DataError> {
        for (number, place) in self.places.iter_mut().enumerate() {
            *place = number / self.places_per_batch * self.batch_stride;
        }
        let k = self.coordinates.len();
        for_each_index(indices, |number, index| {
            let (size, stride) = self.coordinates[number % k];
            self.places[number / k] += position(index, size)? * stride;
            Ok(())
        })?;
        Ok(&self.places)
    }
}
