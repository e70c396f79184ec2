//! Element types.

use openvino::ElementType;
use tachy_graph::DType;
use tachy_runtime::{Error, Result};

use crate::backend::NAME;

/// The library's name for an element type.
pub(crate) fn to_engine(name: &str, dtype: DType) -> Result<ElementType> {
    Ok(match dtype {
        DType::F32 => ElementType::F32,
        DType::F16 => ElementType::F16,
        DType::BF16 => ElementType::Bf16,
        DType::F64 => ElementType::F64,
        DType::I8 => ElementType::I8,
        DType::U8 => ElementType::U8,
        DType::I16 => ElementType::I16,
        DType::U16 => ElementType::U16,
        DType::I32 => ElementType::I32,
        DType::U32 => ElementType::U32,
        DType::I64 => ElementType::I64,
        DType::U64 => ElementType::U64,
        DType::Bool => ElementType::Boolean,
        other => {
            let detail = format!("`{name}` is {other}, an element type that it takes in no tensor");
            return Err(Error::UnsupportedOption { backend: NAME, detail });
        }
    })
}
