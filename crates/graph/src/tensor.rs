//! Host tensors.

use std::fmt;
use std::sync::Arc;

use bytemuck::checked;
use thiserror::Error;

use crate::dtype::{DType, Element};
use crate::shape::{Shape, ShapeError, TensorType, element_count};

/// Bytes in front of which every tensor's data starts at a multiple of this: one cache line, one AVX-512 register.
pub const ALIGNMENT: usize = 64;

/// A run of bytes that starts at a multiple of [`ALIGNMENT`].
struct AlignedBytes {
    /// Longer than needed by less than [`ALIGNMENT`], so that some place near its start is aligned.
    memory: Vec<u8>,
    start: usize,
    length: usize,
}

impl AlignedBytes {
    fn zeroed(length: usize) -> Result<Self, TensorError> {
        let out_of_memory = || TensorError::OutOfMemory { bytes: length };
        // Zeroed pages of an ordinary alignment come from the system and cost nothing until they are touched; memory
        // of a greater alignment would be written first. A lack of memory is an error, where `vec![0; n]` would abort.
        let size = length.checked_add(ALIGNMENT - 1).ok_or_else(out_of_memory)?;
        let memory: Vec<u8> =
            bytemuck::allocation::try_zeroed_vec(size).map_err(|()| out_of_memory())?;
        let start = memory.as_ptr().addr().wrapping_neg() % ALIGNMENT;
        Ok(Self { memory, start, length })
    }

    fn bytes(&self) -> &[u8] {
        &self.memory[self.start..][..self.length]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..][..self.length]
    }
}

impl Clone for AlignedBytes {
    fn clone(&self) -> Self {
        let mut clone = Self::zeroed(self.length).unwrap_or_else(|error| panic!("{error}"));
        clone.bytes_mut().copy_from_slice(self.bytes());
        clone
    }
}

/// Data on the host: an element type, a shape and the elements, contiguous, row-major, 64-byte aligned.
///
/// Cloning shares the data; writing to a shared tensor copies it first.
#[derive(Clone)]
pub struct Tensor {
    ty: TensorType,
    data: Arc<AlignedBytes>,
}

/// A tensor that cannot be made or read as asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TensorError {
    /// The shape is impossible.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// There is no memory for it.
    #[error("there is no memory for a tensor of {bytes} bytes")]
    OutOfMemory {
        /// The size asked for.
        bytes: usize,
    },
    /// The data does not fill the shape exactly.
    #[error("the shape {shape:?} of {dtype} holds {expected} elements, but the data has {found}")]
    Length {
        /// The shape.
        shape: Shape,
        /// The element type.
        dtype: DType,
        /// Elements that the shape holds.
        expected: usize,
        /// Elements that were given.
        found: usize,
    },
    /// The tensor has another element type than the one asked for.
    #[error("the tensor holds {found}, not {expected}")]
    DType {
        /// The element type asked for.
        expected: DType,
        /// The tensor's element type.
        found: DType,
    },
    /// A byte that stands for no value of the element type, such as a boolean 2.
    #[error("the data holds a byte that is not a {dtype}")]
    InvalidValue {
        /// The element type.
        dtype: DType,
    },
}

impl Tensor {
    /// A tensor of zeros (of `false`, for booleans).
    ///
    /// # Errors
    /// If the shape is beyond what a process can address, or there is no memory for it.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Result<Self, TensorError> {
        let ty = TensorType::new(dtype, shape);
        let bytes = ty.element_count()? * dtype.size();
        Ok(Self { ty, data: Arc::new(AlignedBytes::zeroed(bytes)?) })
    }

    /// A tensor with a copy of these elements, row-major.
    ///
    /// # Errors
    /// If `elements` does not fill the shape exactly.
    pub fn new<T: Element>(shape: &[usize], elements: &[T]) -> Result<Self, TensorError> {
        Self::check_length(T::DTYPE, shape, elements.len())?;
        let mut tensor = Self::zeros(T::DTYPE, shape)?;
        tensor.bytes_mut().copy_from_slice(bytemuck::cast_slice(elements));
        Ok(tensor)
    }

    /// A tensor of rank 0.
    pub fn scalar<T: Element>(value: T) -> Self {
        Self::new(&[], &[value]).expect("a scalar holds one element")
    }

    /// A tensor from its little-endian bytes, in the layout of memory (types below a byte: one element to a byte).
    ///
    /// # Errors
    /// If the bytes do not fill the shape exactly, or one is not a value of the type.
    pub fn from_bytes(dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Self, TensorError> {
        let expected = element_count(shape)?;
        if expected.checked_mul(dtype.size()) != Some(bytes.len()) {
            let found = bytes.len() / dtype.size();
            return Err(TensorError::Length { shape: shape.to_vec(), dtype, expected, found });
        }
        if dtype == DType::Bool && bytes.iter().any(|byte| *byte > 1) {
            return Err(TensorError::InvalidValue { dtype });
        }
        let mut tensor = Self::zeros(dtype, shape)?;
        tensor.bytes_mut().copy_from_slice(bytes);
        Ok(tensor)
    }

    fn check_length(dtype: DType, shape: &[usize], found: usize) -> Result<(), TensorError> {
        let expected = element_count(shape)?;
        if expected == found {
            return Ok(());
        }
        Err(TensorError::Length { shape: shape.to_vec(), dtype, expected, found })
    }

    /// Element type and shape.
    pub fn ty(&self) -> &TensorType {
        &self.ty
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.ty.dtype
    }

    /// The shape.
    pub fn shape(&self) -> &[usize] {
        &self.ty.shape
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.ty.shape.len()
    }

    /// The number of elements.
    pub fn element_count(&self) -> usize {
        self.data.length / self.dtype().size()
    }

    /// The elements as bytes in the machine's order.
    pub fn bytes(&self) -> &[u8] {
        self.data.bytes()
    }

    /// The elements as bytes, to be written. Shared data is copied first.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        Arc::make_mut(&mut self.data).bytes_mut()
    }

    /// The elements.
    ///
    /// # Errors
    /// If the tensor has another element type.
    pub fn as_slice<T: Element>(&self) -> Result<&[T], TensorError> {
        self.view().as_slice()
    }

    /// The elements, to be written. Shared data is copied first.
    ///
    /// # Errors
    /// If the tensor has another element type.
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T], TensorError> {
        let dtype = self.dtype();
        expect_dtype(T::DTYPE, dtype)?;
        cast_mut(self.bytes_mut(), dtype)
    }

    /// The same elements in another shape of the same size; no data is copied.
    ///
    /// # Errors
    /// If the new shape holds another number of elements.
    pub fn reshaped(&self, shape: &[usize]) -> Result<Self, TensorError> {
        Self::check_length(self.dtype(), shape, self.element_count())?;
        Ok(Self { ty: TensorType::new(self.dtype(), shape), data: Arc::clone(&self.data) })
    }

    /// The tensor as a borrowed view.
    pub fn view(&self) -> TensorView<'_> {
        TensorView { dtype: self.dtype(), shape: &self.ty.shape, bytes: self.data.bytes() }
    }

    /// The tensor as a borrowed view, to be written. Shared data is copied first.
    pub fn view_mut(&mut self) -> TensorViewMut<'_> {
        TensorViewMut {
            dtype: self.ty.dtype,
            shape: &self.ty.shape,
            bytes: Arc::make_mut(&mut self.data).bytes_mut(),
        }
    }
}

impl PartialEq for Tensor {
    /// Equal type and equal bytes: a NaN equals the same NaN, and 0.0 is not -0.0.
    fn eq(&self, other: &Self) -> bool {
        self.ty == other.ty
            && (Arc::ptr_eq(&self.data, &other.data) || self.bytes() == other.bytes())
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({})", self.ty)
    }
}

/// A tensor that somebody else owns.
#[derive(Clone, Copy)]
pub struct TensorView<'a> {
    /// The element type.
    pub dtype: DType,
    /// The shape.
    pub shape: &'a [usize],
    /// The elements, contiguous and row-major.
    pub bytes: &'a [u8],
}

impl<'a> TensorView<'a> {
    /// The elements.
    ///
    /// # Errors
    /// If the tensor has another element type.
    pub fn as_slice<T: Element>(&self) -> Result<&'a [T], TensorError> {
        expect_dtype(T::DTYPE, self.dtype)?;
        checked::try_cast_slice(self.bytes)
            .map_err(|_| TensorError::InvalidValue { dtype: self.dtype })
    }

    /// A copy that owns its data.
    pub fn to_tensor(&self) -> Result<Tensor, TensorError> {
        Tensor::from_bytes(self.dtype, self.shape, self.bytes)
    }
}

/// A tensor that somebody else owns, to be written.
pub struct TensorViewMut<'a> {
    /// The element type.
    pub dtype: DType,
    /// The shape.
    pub shape: &'a [usize],
    /// The elements, contiguous and row-major.
    pub bytes: &'a mut [u8],
}

impl TensorViewMut<'_> {
    /// The elements, to be written.
    ///
    /// # Errors
    /// If the tensor has another element type.
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T], TensorError> {
        expect_dtype(T::DTYPE, self.dtype)?;
        cast_mut(self.bytes, self.dtype)
    }
}

fn expect_dtype(expected: DType, found: DType) -> Result<(), TensorError> {
    if expected == found { Ok(()) } else { Err(TensorError::DType { expected, found }) }
}

fn cast_mut<T: Element>(bytes: &mut [u8], dtype: DType) -> Result<&mut [T], TensorError> {
    checked::try_cast_slice_mut(bytes).map_err(|_| TensorError::InvalidValue { dtype })
}
