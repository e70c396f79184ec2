//! Tensors in files: NumPy's `.npy` and `.npz`, ONNX's `.pb`, and `.safetensors`.
//!
//! [`read`] and [`write`](fn@write) choose the format by the name of the file; the modules work on bytes.

mod error;
pub mod npy;
pub mod npz;
mod path;
pub mod protobuf;
pub mod safetensors;

pub use error::{FileError, FormatError};
pub use path::{read, read_one, write};

use crate::tensor::Tensor;

/// A tensor and its name; some formats have none, then it is empty.
pub type NamedTensor = (String, Tensor);
