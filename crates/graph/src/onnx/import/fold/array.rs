//! Small tensors as numbers to compute with.

use crate::dtype::DType;
use crate::shape::{Shape, broadcast_strides};
use crate::tensor::Tensor;

use super::{check_size, slice};

/// A small tensor of the types that shape arithmetic uses.
#[derive(Debug, Clone)]
pub struct Array {
    pub dtype: DType,
    pub shape: Shape,
    pub numbers: Numbers,
}

/// The elements, in a type that holds all values of theirs.
#[derive(Debug, Clone)]
pub enum Numbers {
    /// Of integers and booleans.
    Integers(Vec<i64>),
    /// Of floats. Sums, products, quotients and square roots of two `f32` that are computed in `f64` and then
    /// rounded are those of `f32` arithmetic (Figueroa 1995).
    Floats(Vec<f64>),
}

impl Array {
    /// The elements of a tensor, if it is small and of a type that is computed with.
    pub fn read(tensor: &Tensor) -> Result<Self, String> {
        check_size(tensor.shape())?;
        let numbers = match tensor.dtype() {
            DType::I64 => Numbers::Integers(slice::<i64>(tensor).to_vec()),
            DType::I32 => {
                Numbers::Integers(slice::<i32>(tensor).iter().copied().map(i64::from).collect())
            }
            DType::Bool => {
                Numbers::Integers(slice::<bool>(tensor).iter().copied().map(i64::from).collect())
            }
            DType::F64 => Numbers::Floats(slice::<f64>(tensor).to_vec()),
            DType::F32 => {
                Numbers::Floats(slice::<f32>(tensor).iter().copied().map(f64::from).collect())
            }
            other => return Err(format!("{other} is not computed with at import")),
        };
        Ok(Self { dtype: tensor.dtype(), shape: tensor.shape().to_vec(), numbers })
    }

    /// The array as a tensor. Integers wrap; floats are rounded.
    pub fn write(&self) -> Result<Tensor, String> {
        match (&self.numbers, self.dtype) {
            (Numbers::Integers(values), DType::I64) => Tensor::new(&self.shape, values),
            (Numbers::Integers(values), DType::I32) => {
                Tensor::new(&self.shape, &map(values, |value| value as i32))
            }
            (Numbers::Integers(values), DType::Bool) => {
                Tensor::new(&self.shape, &map(values, |value| value != 0))
            }
            (Numbers::Floats(values), DType::F64) => Tensor::new(&self.shape, values),
            (Numbers::Floats(values), DType::F32) => {
                Tensor::new(&self.shape, &map(values, |value| value as f32))
            }
            (_, other) => return Err(format!("{other} is not computed with at import")),
        }
        .map_err(|error| error.to_string())
    }

    /// The integers or booleans in it.
    pub fn integers(&self) -> Option<&[i64]> {
        match &self.numbers {
            Numbers::Integers(values) => Some(values),
            Numbers::Floats(_) => None,
        }
    }
}

fn map<T: Copy, U>(values: &[T], f: impl Fn(T) -> U) -> Vec<U> {
    values.iter().copied().map(f).collect()
}

/// For each element of a tensor of shape `to`, the place of the element of a tensor of shape `from` that it is
/// broadcast from.
pub fn broadcast_places(from: &[usize], to: &[usize]) -> Vec<usize> {
    strided_places(to, &broadcast_strides(from, to), 0)
}

/// The places that are reached by counting through `shape` with these strides, from `start` on.
pub fn strided_places<S>(shape: &[usize], strides: &[S], start: usize) -> Vec<usize>
where
    S: Copy + TryInto<isize>,
{
    if shape.contains(&0) {
        return Vec::new();
    }
    let mut places = vec![start];
    for (&size, &stride) in shape.iter().zip(strides) {
        let stride = stride.try_into().unwrap_or(0);
        let step = |place: usize| {
            (0..size).map(move |index| place.wrapping_add_signed(stride * index as isize))
        };
        places = places.into_iter().flat_map(step).collect();
    }
    places
}
