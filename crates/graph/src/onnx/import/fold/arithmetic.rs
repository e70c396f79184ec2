//! Known numbers, computed with element by element.

use super::array::{Array, Numbers, broadcast_places};
use super::{FoldNode, check_size};
use crate::dtype::DType;
use crate::shape::{Shape, broadcast_all};
use crate::tensor::Tensor;

/// The output of an operator that computes element by element; `None` if it is not one.
pub fn fold(node: &FoldNode<'_, '_>) -> Option<Result<Tensor, String>> {
    Some(match node.op_type {
        "Cast" | "CastLike" => cast(node),
        "Abs" | "Ceil" | "Floor" | "Neg" | "Not" | "Sqrt" => unary(node),
        "Add" | "Sub" | "Mul" | "Div" | "Mod" | "Min" | "Max" => reduce_inputs(node),
        "And" | "Or" | "Xor" | "Equal" | "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual" => {
            compare(node)
        }
        "Where" => choose(node),
        _ => return None,
    })
}

fn cast(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let input = node.value(0)?;
    check_size(input.shape())?;
    // The attributes are about small floats, which shapes are not made of.
    let to = match node.op_type {
        "Cast" => node.attributes.dtype("to")?.ok_or("it has no attribute `to`")?,
        _ => node.ty(1)?.dtype,
    };
    if to.is_small_float() {
        return Err(format!("{to} is not computed with at import"));
    }
    input.cast(to, crate::convert::Conversion::default()).map_err(|error| error.to_string())
}

fn unary(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let Array { dtype, shape, numbers } = Array::read(node.value(0)?)?;
    let is_boolean = dtype == DType::Bool;
    let numbers = match numbers {
        Numbers::Integers(values) => {
            let f: fn(i64) -> i64 = match node.op_type {
                "Not" if is_boolean => |value| i64::from(value == 0),
                "Abs" if !is_boolean => i64::wrapping_abs,
                "Neg" if !is_boolean => i64::wrapping_neg,
                other => return Err(format!("{other} does not take {dtype}")),
            };
            Numbers::Integers(values.into_iter().map(f).collect())
        }
        Numbers::Floats(values) => {
            let f: fn(f64) -> f64 = match node.op_type {
                "Abs" => f64::abs,
                "Ceil" => f64::ceil,
                "Floor" => f64::floor,
                "Neg" => |value| -value,
                "Sqrt" => f64::sqrt,
                other => return Err(format!("{other} does not take {dtype}")),
            };
            Numbers::Floats(values.into_iter().map(f).collect())
        }
    };
    Array { dtype, shape, numbers }.write()
}

/// The inputs, broadcast to one shape.
fn broadcast_inputs(node: &FoldNode<'_, '_>) -> Result<(Shape, Vec<Array>), String> {
    let arrays = (0..node.types.len()).map(|index| Array::read(node.value(index)?));
    let mut arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    let shape = broadcast_all(arrays.iter().map(|array| &array.shape[..]));
    let shape = shape.map_err(|error| error.to_string())?;
    check_size(&shape)?;
    for array in arrays.iter_mut().filter(|array| array.shape != shape) {
        let places = broadcast_places(&array.shape, &shape);
        array.numbers = match &array.numbers {
            Numbers::Integers(values) => {
                Numbers::Integers(places.into_iter().map(|place| values[place]).collect())
            }
            Numbers::Floats(values) => {
                Numbers::Floats(places.into_iter().map(|place| values[place]).collect())
            }
        };
        array.shape.clone_from(&shape);
    }
    Ok((shape, arrays))
}

fn same_dtype(arrays: &[Array]) -> Result<DType, String> {
    let dtype = arrays.first().ok_or("it has no inputs")?.dtype;
    if arrays.iter().any(|array| array.dtype != dtype) {
        return Err("its inputs differ in type".to_owned());
    }
    Ok(dtype)
}

/// Operators that give the type that they take; `Min` and `Max` of any number of inputs.
fn reduce_inputs(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let (shape, mut arrays) = broadcast_inputs(node)?;
    let dtype = same_dtype(&arrays)?;
    let variadic = matches!(node.op_type, "Min" | "Max");
    if dtype == DType::Bool || (!variadic && arrays.len() != 2) {
        return Err("its inputs are not numbers, or not two".to_owned());
    }
    let fmod = node.op_type == "Mod" && node.attributes.flag("fmod", false)?;
    let mut result = arrays.remove(0).numbers;
    for array in &arrays {
        match (&mut result, &array.numbers) {
            (Numbers::Integers(left), Numbers::Integers(right)) => {
                for (left, &right) in left.iter_mut().zip(right) {
                    *left =
                        integer(node.op_type, fmod, *left, right).ok_or("it divides by zero")?;
                }
            }
            (Numbers::Floats(left), Numbers::Floats(right)) => {
                for (left, &right) in left.iter_mut().zip(right) {
                    *left = float(node.op_type, fmod, *left, right)
                        .ok_or("it takes integers, unless fmod is set")?;
                }
            }
            _ => unreachable!("the types are equal"),
        }
    }
    Array { dtype, shape, numbers: result }.write()
}

fn integer(op_type: &str, fmod: bool, a: i64, b: i64) -> Option<i64> {
    Some(match op_type {
        "Add" => a.wrapping_add(b),
        "Sub" => a.wrapping_sub(b),
        "Mul" => a.wrapping_mul(b),
        "Min" => a.min(b),
        "Max" => a.max(b),
        _ if b == 0 => return None,
        "Div" => a.wrapping_div(b),
        _ if fmod => a.wrapping_rem(b),
        // The remainder has the sign of the divisor.
        _ => match a.wrapping_rem(b) {
            remainder if remainder != 0 && (remainder < 0) != (b < 0) => remainder + b,
            remainder => remainder,
        },
    })
}

fn float(op_type: &str, fmod: bool, a: f64, b: f64) -> Option<f64> {
    Some(match op_type {
        "Add" => a + b,
        "Sub" => a - b,
        "Mul" => a * b,
        "Div" => a / b,
        // A NaN wins.
        "Min" | "Max" if a.is_nan() || b.is_nan() => f64::NAN,
        "Min" => a.min(b),
        "Max" => a.max(b),
        _ if fmod => a % b,
        _ => return None,
    })
}

/// Operators that give booleans.
fn compare(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let (shape, arrays) = broadcast_inputs(node)?;
    let dtype = same_dtype(&arrays)?;
    let [left, right] = &arrays[..] else { return Err("its inputs are not two".to_owned()) };
    let logical = matches!(node.op_type, "And" | "Or" | "Xor");
    if logical != (dtype == DType::Bool) && node.op_type != "Equal" {
        return Err(format!("it does not take {dtype}"));
    }
    let values = match (&left.numbers, &right.numbers) {
        (Numbers::Integers(left), Numbers::Integers(right)) => {
            left.iter().zip(right).map(|(a, b)| holds(node.op_type, a, b)).collect()
        }
        (Numbers::Floats(left), Numbers::Floats(right)) => {
            left.iter().zip(right).map(|(a, b)| holds(node.op_type, a, b)).collect()
        }
        _ => unreachable!("the types are equal"),
    };
    Array { dtype: DType::Bool, shape, numbers: Numbers::Integers(values) }.write()
}

/// Whether a relation holds. On 0 and 1, the minimum is "and" and the maximum is "or".
fn holds<T: PartialOrd + Default>(op_type: &str, a: &T, b: &T) -> i64 {
    let zero = T::default();
    i64::from(match op_type {
        "And" => *a != zero && *b != zero,
        "Or" => *a != zero || *b != zero,
        "Xor" => a != b,
        "Equal" => a == b,
        "Less" => a < b,
        "LessOrEqual" => a <= b,
        "Greater" => a > b,
        _ => a >= b,
    })
}

fn choose(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let (shape, mut arrays) = broadcast_inputs(node)?;
    let [condition, x, y] = &mut arrays[..] else {
        return Err("its inputs are not three".to_owned());
    };
    let Some(condition) = condition.integers().filter(|_| condition.dtype == DType::Bool) else {
        return Err("its condition is not boolean".to_owned());
    };
    if x.dtype != y.dtype {
        return Err("its inputs differ in type".to_owned());
    }
    match (&mut x.numbers, &y.numbers) {
        (Numbers::Integers(x), Numbers::Integers(y)) => replace(condition, x, y),
        (Numbers::Floats(x), Numbers::Floats(y)) => replace(condition, x, y),
        _ => unreachable!("the types are equal"),
    }
    Array { shape, ..x.clone() }.write()
}

/// Puts elements of `y` where the condition does not hold.
fn replace<T: Copy>(condition: &[i64], x: &mut [T], y: &[T]) {
    for ((condition, x), y) in condition.iter().zip(x).zip(y) {
        if *condition == 0 {
            *x = *y;
        }
    }
}
