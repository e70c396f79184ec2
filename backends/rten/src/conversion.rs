//! Tensors into the engine's values and back.
//!
//! The engine has four element types. Wider integers and booleans travel as `i32`, other floats as `f32`; an
//! integer that does not fit is refused rather than cut off.

use half::f16;
use rten::{Value, ValueView};
use rten_tensor::{Tensor as RtenTensor, TensorView};
use tachy_graph::{DType, Element, Tensor};
use tachy_runtime::{Error, Result};

use crate::backend::NAME;

/// Refuses an element type that the engine cannot stand in for.
pub(crate) fn check(role: &str, name: &str, dtype: DType) -> Result<()> {
    match dtype {
        DType::F32 | DType::F16 | DType::F64 => Ok(()),
        DType::I32 | DType::I64 | DType::I8 | DType::U8 | DType::Bool => Ok(()),
        _ => Err(unsupported(role, name, dtype)),
    }
}

fn unsupported(role: &str, name: &str, dtype: DType) -> Error {
    let detail = format!("{role} `{name}` is {dtype}, an element type that the engine has not");
    Error::UnsupportedOption { backend: NAME, detail }
}

/// A copy of a tensor as the engine takes it.
pub(crate) fn to_engine(name: &str, tensor: &Tensor) -> Result<Value> {
    Ok(match tensor.dtype() {
        DType::F32 => value(tensor, |x: f32| x)?,
        DType::F16 => value(tensor, f16::to_f32)?,
        DType::F64 => value(tensor, |x: f64| x as f32)?,
        DType::I32 => value(tensor, |x: i32| x)?,
        DType::I8 => value(tensor, |x: i8| x)?,
        DType::U8 => value(tensor, |x: u8| x)?,
        DType::Bool => value(tensor, |x: bool| i32::from(x))?,
        DType::I64 => {
            let elements = tensor.as_slice::<i64>()?;
            if let Some(large) = elements.iter().find(|x| i32::try_from(**x).is_err()) {
                let detail =
                    format!("input `{name}` holds {large}, but the engine holds i64 in 32 bits");
                return Err(Error::UnsupportedOption { backend: NAME, detail });
            }
            value(tensor, |x: i64| x as i32)?
        }
        other => return Err(unsupported("input", name, other)),
    })
}

fn value<T: Element, E>(tensor: &Tensor, convert: impl Fn(T) -> E) -> Result<Value>
where
    Value: From<RtenTensor<E>>,
{
    let elements = tensor.as_slice::<T>()?.iter().map(|x| convert(*x)).collect::<Vec<E>>();
    Ok(RtenTensor::from_data(tensor.shape(), elements).into())
}

/// Copies one of the engine's values into a tensor of the same shape.
pub(crate) fn from_engine(value: &Value, tensor: &mut Tensor) -> Result<()> {
    match (value.as_view(), tensor.dtype()) {
        (ValueView::FloatTensor(view), DType::F32) => copy(&view, tensor, |x| x),
        (ValueView::FloatTensor(view), DType::F16) => copy(&view, tensor, f16::from_f32),
        (ValueView::FloatTensor(view), DType::F64) => copy(&view, tensor, f64::from),
        (ValueView::Int32Tensor(view), DType::I32) => copy(&view, tensor, |x| x),
        (ValueView::Int32Tensor(view), DType::I64) => copy(&view, tensor, i64::from),
        (ValueView::Int32Tensor(view), DType::Bool) => copy(&view, tensor, |x| x != 0),
        (ValueView::Int8Tensor(view), DType::I8) => copy(&view, tensor, |x| x),
        (ValueView::UInt8Tensor(view), DType::U8) => copy(&view, tensor, |x| x),
        (view, dtype) => {
            let message = format!("it gave {} for an output of {dtype}", view.dtype());
            Err(Error::Engine { backend: NAME, action: "fetch an output", message })
        }
    }
}

fn copy<E: Copy, T: Element>(
    view: &TensorView<'_, E>,
    tensor: &mut Tensor,
    convert: impl Fn(E) -> T,
) -> Result<()> {
    let elements = tensor.as_mut_slice::<T>()?;
    match view.data() {
        // The common case: contiguous, in the order of its axes.
        Some(data) => elements.iter_mut().zip(data).for_each(|(to, from)| *to = convert(*from)),
        None => elements.iter_mut().zip(view.iter()).for_each(|(to, from)| *to = convert(*from)),
    }
    Ok(())
}
