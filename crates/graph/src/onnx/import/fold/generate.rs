//! Values made out of attributes, shapes and single numbers.

use super::{FoldNode, filled, slice};
use crate::dtype::{DType, Element};
use crate::onnx::tensor;
use crate::tensor::Tensor;

/// `Constant`, from whichever attribute holds the value.
pub fn constant(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let attributes = node.attributes;
    if let Some(tensor) = attributes.tensor("value")? {
        return Ok(tensor);
    }
    if let Some(message) = attributes.sparse_tensor("sparse_value")? {
        return tensor::decode_sparse(message);
    }
    if let Some(value) = attributes.float("value_float")? {
        return Ok(Tensor::scalar(value));
    }
    if let Some(value) = attributes.int("value_int")? {
        return Ok(Tensor::scalar(value));
    }
    if let Some(values) = attributes.floats("value_floats")? {
        return list(values);
    }
    if let Some(values) = attributes.ints("value_ints")? {
        return list(values);
    }
    if attributes.has("value_string") || attributes.has("value_strings") {
        return Err("its value is a string; strings are not supported".to_owned());
    }
    Err("it has no value".to_owned())
}

/// `Shape`: the sizes of the dimensions from `start` to before `end`.
pub fn shape(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let shape = &node.ty(0)?.shape;
    let rank = shape.len() as i64;
    let bound = |name: &str, default: i64| {
        let index = node.attributes.int(name)?.unwrap_or(default);
        let index = if index < 0 { index.saturating_add(rank) } else { index };
        Ok::<usize, String>(index.clamp(0, rank) as usize)
    };
    let (start, end) = (bound("start", 0)?, bound("end", rank)?);
    let sizes: Vec<i64> = shape[start..end.max(start)].iter().map(|&size| size as i64).collect();
    list(&sizes)
}

/// `Size`: the number of elements.
pub fn size(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let count = node.ty(0)?.element_count().map_err(|error| error.to_string())?;
    Ok(Tensor::scalar(count as i64))
}

/// `EyeLike`: ones on a diagonal of a matrix of zeros.
pub fn eye_like(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let ty = node.ty(0)?;
    let [rows, columns] = ty.shape[..] else { return Err(format!("{ty} is not a matrix")) };
    let dtype = node.attributes.dtype("dtype")?.unwrap_or(ty.dtype);
    let diagonal = node.attributes.int("k")?.unwrap_or(0);
    let mut tensor = node.zeros(dtype, &ty.shape)?;
    let one = one(dtype)?;
    let size = dtype.size();
    let first_row = usize::try_from(diagonal.checked_neg().unwrap_or(i64::MAX)).unwrap_or(0);
    let first_column = usize::try_from(diagonal).unwrap_or(0);
    for (row, column) in (first_row..rows).zip(first_column..columns) {
        let at = (row * columns + column) * size;
        tensor.bytes_mut()[at..at + size].copy_from_slice(one.bytes());
    }
    Ok(tensor)
}

/// `ConstantOfShape`: one number everywhere.
pub fn constant_of_shape(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let sizes = node.integers(0)?.ok_or("it has no shape")?;
    let shape = tensor::shape(&sizes)?;
    let value = node.attributes.tensor("value")?.unwrap_or_else(|| Tensor::scalar(0f32));
    if value.element_count() != 1 {
        return Err(format!("its value must be one number, not {}", value.ty()));
    }
    node.check_budget(value.dtype(), &shape)?;
    filled(&value, &shape)
}

/// `Range`: the numbers from `start` to before `limit` in steps of `delta`.
pub fn range(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let inputs = [node.value(0)?, node.value(1)?, node.value(2)?];
    let dtype = inputs[0].dtype();
    if inputs.iter().any(|input| input.dtype() != dtype || input.element_count() != 1) {
        return Err("its inputs must be three numbers of one type".to_owned());
    }
    match dtype {
        DType::F32 => float_range::<f32>(node, inputs, f64::from, |value| value as f32),
        DType::F64 => float_range::<f64>(node, inputs, |value| value, |value| value),
        DType::F16 => {
            float_range::<half::f16>(node, inputs, half::f16::to_f64, half::f16::from_f64)
        }
        DType::BF16 => {
            float_range::<half::bf16>(node, inputs, half::bf16::to_f64, half::bf16::from_f64)
        }
        DType::I16 => integer_range::<i16>(node, inputs),
        DType::I32 => integer_range::<i32>(node, inputs),
        DType::I64 => integer_range::<i64>(node, inputs),
        other => Err(format!("it does not count in {other}")),
    }
}

fn float_range<T: Element>(
    node: &FoldNode<'_, '_>,
    inputs: [&Tensor; 3],
    to: impl Fn(T) -> f64,
    from: impl Fn(f64) -> T,
) -> Result<Tensor, String> {
    let [start, limit, delta] = inputs.map(|input| to(slice::<T>(input)[0]));
    let count = ((limit - start) / delta).ceil();
    if !count.is_finite() {
        return Err(format!("there is no end to the numbers from {start} to {limit} by {delta}"));
    }
    // A float beyond the range of integers becomes the largest one, which is refused as a size.
    let mut tensor = node.zeros(T::DTYPE, &[count.max(0.0) as usize])?;
    let elements = tensor.as_mut_slice::<T>().map_err(|error| error.to_string())?;
    for (index, element) in elements.iter_mut().enumerate() {
        *element = from(start + index as f64 * delta);
    }
    Ok(tensor)
}

fn integer_range<T: Element + Into<i64> + TryFrom<i64>>(
    node: &FoldNode<'_, '_>,
    inputs: [&Tensor; 3],
) -> Result<Tensor, String> {
    let [start, limit, delta] = inputs.map(|input| i128::from(slice::<T>(input)[0].into()));
    if delta == 0 {
        return Err("its step is 0".to_owned());
    }
    let distance = (limit - start) * delta.signum();
    let count = distance.max(0).unsigned_abs().div_ceil(delta.unsigned_abs());
    let count = usize::try_from(count).map_err(|_| "it has too many numbers")?;
    let mut tensor = node.zeros(T::DTYPE, &[count])?;
    let elements = tensor.as_mut_slice::<T>().map_err(|error| error.to_string())?;
    for (index, element) in elements.iter_mut().enumerate() {
        let value = i64::try_from(start + index as i128 * delta).ok();
        // All lie between start and limit, which are numbers of this type.
        *element = value.and_then(|value| T::try_from(value).ok()).ok_or("it overflows")?;
    }
    Ok(tensor)
}

fn list<T: Element>(values: &[T]) -> Result<Tensor, String> {
    Tensor::new(&[values.len()], values).map_err(|error| error.to_string())
}

/// The number 1.
fn one(dtype: DType) -> Result<Tensor, String> {
    Ok(match dtype {
        DType::F32 => Tensor::scalar(1f32),
        DType::F64 => Tensor::scalar(1f64),
        DType::F16 => Tensor::scalar(half::f16::ONE),
        DType::BF16 => Tensor::scalar(half::bf16::ONE),
        DType::Bool => Tensor::scalar(true),
        _ if dtype.is_integer() => {
            let mut tensor = Tensor::zeros(dtype, &[]).map_err(|error| error.to_string())?;
            // Integers are stored with their lowest byte first.
            tensor.bytes_mut()[0] = 1;
            tensor
        }
        other => return Err(format!("it does not make {other}")),
    })
}
