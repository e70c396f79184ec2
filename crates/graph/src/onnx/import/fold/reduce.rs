//! Known numbers, put together along dimensions.

use super::FoldNode;
use super::array::{Array, Numbers, strided_places};
use crate::dtype::DType;
use crate::shape::{Shape, contiguous_strides, normalize_axis};
use crate::tensor::Tensor;

/// The output of a reduction; `None` if the operator is not one that is computed here.
pub fn fold(node: &FoldNode<'_, '_>) -> Option<Result<Tensor, String>> {
    let axes_since = match node.op_type {
        "ReduceSum" => 13,
        "ReduceProd" | "ReduceMin" | "ReduceMax" => 18,
        _ => return None,
    };
    Some(reduce(node, axes_since))
}

fn reduce(node: &FoldNode<'_, '_>, axes_since: i64) -> Result<Tensor, String> {
    let input = Array::read(node.value(0)?)?;
    if input.dtype == DType::Bool {
        return Err("booleans are not reduced at import".to_owned());
    }
    let axes = node.attribute_or_input("axes", axes_since, 1)?.unwrap_or_default();
    let keep = node.attributes.flag("keepdims", true)?;
    let rank = input.shape.len();
    let mut reduced = vec![false; rank];
    for axis in &axes {
        reduced[normalize_axis(*axis, rank).map_err(|error| error.to_string())?] = true;
    }
    if axes.is_empty() {
        // Without axes, all dimensions are meant, unless the node says: none.
        reduced.fill(!node.attributes.flag("noop_with_empty_axes", false)?);
    }
    let strides = contiguous_strides(&input.shape);
    let part = |wanted: bool| -> (Shape, Vec<usize>) {
        (0..rank)
            .filter(|&axis| reduced[axis] == wanted)
            .map(|a| (input.shape[a], strides[a]))
            .unzip()
    };
    let ((kept, kept_strides), (inner, inner_strides)) = (part(false), part(true));
    let starts = strided_places(&kept, &kept_strides, 0);
    let group = |start: &usize| strided_places(&inner, &inner_strides, *start);
    let empty = || "it has nothing to reduce".to_owned();
    let numbers = match &input.numbers {
        Numbers::Integers(values) => {
            let f: fn(i64, i64) -> i64 = match node.op_type {
                "ReduceSum" => i64::wrapping_add,
                "ReduceProd" => i64::wrapping_mul,
                "ReduceMin" => i64::min,
                _ => i64::max,
            };
            let reduce = |start| group(start).into_iter().map(|at| values[at]).reduce(f);
            Numbers::Integers(starts.iter().map(reduce).collect::<Option<_>>().ok_or_else(empty)?)
        }
        Numbers::Floats(values) => {
            let f: fn(f64, f64) -> f64 = match node.op_type {
                "ReduceMin" => f64::min,
                "ReduceMax" => f64::max,
                // A sum of many would have to be rounded as the operator rounds it.
                other => return Err(format!("{other} of floats is not computed at import")),
            };
            let reduce = |start| group(start).into_iter().map(|at| values[at]).reduce(f);
            Numbers::Floats(starts.iter().map(reduce).collect::<Option<_>>().ok_or_else(empty)?)
        }
    };
    let shape = input.shape.iter().zip(&reduced);
    let shape = shape.filter_map(|(&size, &reduced)| match (reduced, keep) {
        (false, _) => Some(size),
        (true, true) => Some(1),
        (true, false) => None,
    });
    Array { dtype: input.dtype, shape: shape.collect(), numbers }.write()
}
