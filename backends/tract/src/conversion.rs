//! Tensors into the engine's and back.

use tachy_graph::{DType, Tensor};
use tachy_runtime::{Error, Result};
use tract_onnx::prelude::{Datum, DatumType, TValue, Tensor as TractTensor};
use tract_onnx::tract_core::internal::TDim;

use crate::backend::NAME;
use crate::failure::during;

/// The engine's name for an element type.
pub(crate) fn datum_type(role: &str, name: &str, dtype: DType) -> Result<DatumType> {
    Ok(match dtype {
        DType::F32 => DatumType::F32,
        DType::F16 => DatumType::F16,
        DType::F64 => DatumType::F64,
        DType::I8 => DatumType::I8,
        DType::U8 => DatumType::U8,
        DType::I16 => DatumType::I16,
        DType::U16 => DatumType::U16,
        DType::I32 => DatumType::I32,
        DType::U32 => DatumType::U32,
        DType::I64 => DatumType::I64,
        DType::U64 => DatumType::U64,
        DType::Bool => DatumType::Bool,
        _ => {
            let detail = format!("{role} `{name}` is {dtype}, an element type that it has not");
            return Err(Error::UnsupportedOption { backend: NAME, detail });
        }
    })
}

/// A copy of a tensor as the engine takes it.
pub(crate) fn to_engine(name: &str, tensor: &Tensor) -> Result<TValue> {
    let datum_type = datum_type("input", name, tensor.dtype())?;
    let failed = during("bind an input");
    let mut own = TractTensor::zero_dt(datum_type, tensor.shape()).map_err(failed)?;
    own.as_bytes_mut().copy_from_slice(tensor.bytes());
    Ok(own.into())
}

/// Copies one of the engine's tensors into a tensor of the same shape.
pub(crate) fn from_engine(value: &TractTensor, tensor: &mut Tensor) -> Result<()> {
    let failed = during("fetch an output");
    match tensor.dtype() {
        // What shapes are computed with is a type of its own in the engine, and i64 in ONNX.
        DType::I64 if value.datum_type() == TDim::datum_type() => {
            let numbers = value.cast_to::<i64>().map_err(&failed)?;
            tensor.bytes_mut().copy_from_slice(numbers.as_bytes());
            Ok(())
        }
        dtype if value.datum_type() == datum_type("output", "", dtype)? => {
            tensor.bytes_mut().copy_from_slice(value.as_bytes());
            Ok(())
        }
        dtype => {
            let message = format!("it gave {:?} for an output of {dtype}", value.datum_type());
            Err(Error::Engine { backend: NAME, action: "fetch an output", message })
        }
    }
}
