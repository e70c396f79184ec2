//! ONNX's `TensorProto`, as the test data of ONNX models has it.

use bytes::Bytes;

use super::{FormatError, NamedTensor};
use crate::onnx;
use crate::tensor::Tensor;

/// The tensor in a message, with its name, which may be empty. All element types, small ones packed.
///
/// # Errors
/// If the bytes are not a tensor, or its data is in another file.
pub fn decode(bytes: impl Into<Bytes>) -> Result<NamedTensor, FormatError> {
    onnx::decode_tensor(bytes.into()).map_err(FormatError)
}

/// The message for a tensor.
pub fn encode(name: &str, tensor: &Tensor) -> Vec<u8> {
    onnx::encode_tensor(name, tensor)
}
