//! Single tensors as messages.

use bytes::Bytes;
use prost::Message;

use super::{proto, tensor, wire};
use crate::tensor::Tensor;

/// The tensor in a message, and its name.
pub(crate) fn decode_tensor(bytes: Bytes) -> Result<(String, Tensor), String> {
    wire::check_tensor(&bytes)?;
    let message = proto::Tensor::decode(bytes).map_err(|error| error.to_string())?;
    let tensor = tensor::decode(&message, None)?;
    Ok((message.name, tensor))
}

/// The message for a tensor.
pub(crate) fn encode_tensor(name: &str, tensor: &Tensor) -> Vec<u8> {
    tensor::encode(name, tensor).encode_to_vec()
}
