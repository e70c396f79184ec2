//! Element types.

use ort::value::TensorElementType;
use tachy_graph::DType;
use tachy_runtime::{Error, Result};

use crate::backend::NAME;

/// The library's name for an element type.
///
/// Types narrower than a byte are refused: the library packs them, Tachy does not.
pub(crate) fn to_engine(name: &str, dtype: DType) -> Result<TensorElementType> {
    Ok(match dtype {
        DType::F32 => TensorElementType::Float32,
        DType::F16 => TensorElementType::Float16,
        DType::BF16 => TensorElementType::Bfloat16,
        DType::F64 => TensorElementType::Float64,
        DType::I8 => TensorElementType::Int8,
        DType::U8 => TensorElementType::Uint8,
        DType::I16 => TensorElementType::Int16,
        DType::U16 => TensorElementType::Uint16,
        DType::I32 => TensorElementType::Int32,
        DType::U32 => TensorElementType::Uint32,
        DType::I64 => TensorElementType::Int64,
        DType::U64 => TensorElementType::Uint64,
        DType::Bool => TensorElementType::Bool,
        DType::F8E4M3FN => TensorElementType::Float8E4M3FN,
        DType::F8E4M3FNUZ => TensorElementType::Float8E4M3FNUZ,
        DType::F8E5M2 => TensorElementType::Float8E5M2,
        DType::F8E5M2FNUZ => TensorElementType::Float8E5M2FNUZ,
        DType::F8E8M0 => TensorElementType::Float8E8M0,
        other => {
            let detail = format!("`{name}` is {other}, which is packed there and not here");
            return Err(Error::UnsupportedOption { backend: NAME, detail });
        }
    })
}
