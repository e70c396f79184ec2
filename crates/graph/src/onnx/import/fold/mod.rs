//! Values that follow from the file: constants, shapes, and arithmetic on shapes.
//!
//! Exporters write shapes as small computations (`Shape`, `Gather`, `Concat`, `Reshape` …). They are followed
//! here by a small interpreter, so that the shapes of everything else are numbers. It is made for shapes:
//! tensors of more than [`MAX_ELEMENTS`] are left alone, and so are most element types.

mod arithmetic;
mod array;
mod generate;
mod movement;
mod reduce;
mod share;
mod signal;

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::attributes::Attributes;
use crate::dtype::{DType, Element};
use crate::shape::TensorType;
use crate::tensor::Tensor;

/// The most elements of an input or output of a computation, those excepted that share their data.
const MAX_ELEMENTS: usize = 1 << 16;

/// A node, and what is known of its inputs.
pub struct FoldNode<'a, 'm> {
    pub op_type: &'a str,
    pub opset: i64,
    pub attributes: &'a Attributes<'m>,
    pub types: &'a [Option<&'a TensorType>],
    pub values: &'a [Option<&'a Tensor>],
    /// How many outputs the node has in the file.
    pub outputs: usize,
    /// How many bytes the outputs may take together.
    pub budget: usize,
    /// Which inputs' values were asked for so far.
    pub asked: RefCell<BTreeSet<usize>>,
}

/// Whether an operator's outputs share the data of its inputs.
fn shares_data(op_type: &str) -> bool {
    matches!(op_type, "Identity" | "Reshape" | "Squeeze" | "Unsqueeze" | "Flatten")
}

/// Whether the data of an operator's outputs is there already: in its inputs, or in the file.
pub fn has_data(op_type: &str) -> bool {
    shares_data(op_type) || op_type == "Constant"
}

/// The outputs of a node, or why they cannot be computed here.
pub fn fold(node: &FoldNode<'_, '_>) -> Result<Vec<Tensor>, String> {
    if let Some(tensors) = movement::fold(node) {
        return tensors;
    }
    if let Some(tensor) = arithmetic::fold(node).or_else(|| reduce::fold(node)) {
        return tensor.map(|tensor| vec![tensor]);
    }
    let tensor = match node.op_type {
        "Constant" => generate::constant(node),
        "Shape" => generate::shape(node),
        "Size" => generate::size(node),
        "EyeLike" => generate::eye_like(node),
        "ConstantOfShape" => generate::constant_of_shape(node),
        "Range" => generate::range(node),
        "HannWindow" | "HammingWindow" | "BlackmanWindow" => signal::window(node),
        "MelWeightMatrix" => signal::mel_weight_matrix(node),
        op if shares_data(op) => share::share(node),
        _ => Err("it is not computed at import".to_owned()),
    };
    tensor.map(|tensor| vec![tensor])
}

impl<'a> FoldNode<'a, '_> {
    /// The type of an input.
    fn ty(&self, index: usize) -> Result<&'a TensorType, String> {
        self.types.get(index).copied().flatten().ok_or_else(|| format!("input {index} is missing"))
    }

    /// The value of an input.
    fn value(&self, index: usize) -> Result<&'a Tensor, String> {
        self.asked.borrow_mut().insert(index);
        let value = self.values.get(index).copied().flatten();
        value.ok_or_else(|| format!("the value of input {index} is not known"))
    }

    /// The integers in an input, of either width; `None` if the input is not given.
    fn integers(&self, index: usize) -> Result<Option<Vec<i64>>, String> {
        if self.types.get(index).copied().flatten().is_none() {
            return Ok(None);
        }
        let tensor = self.value(index)?;
        check_size(tensor.shape())?;
        match tensor.dtype() {
            DType::I32 => Ok(slice::<i32>(tensor).iter().copied().map(i64::from).collect()),
            DType::I64 => Ok(slice::<i64>(tensor).to_vec()),
            other => Err(format!("input {index} must hold integers, not {other}")),
        }
        .map(Some)
    }

    /// Integers that are an attribute before version `since` of the operators and an input from then on.
    fn attribute_or_input(
        &self,
        name: &str,
        since: i64,
        index: usize,
    ) -> Result<Option<Vec<i64>>, String> {
        if self.opset < since {
            return Ok(self.attributes.ints(name)?.map(<[i64]>::to_vec));
        }
        self.integers(index)
    }

    /// Zeros, if they fit into what may still be allocated.
    fn zeros(&self, dtype: DType, shape: &[usize]) -> Result<Tensor, String> {
        self.check_budget(dtype, shape)?;
        Tensor::zeros(dtype, shape).map_err(|error| error.to_string())
    }

    /// Refuses outputs that do not fit into what may still be allocated.
    fn check_budget(&self, dtype: DType, shape: &[usize]) -> Result<(), String> {
        let count = TensorType::new(dtype, shape).element_count().map_err(|e| e.to_string())?;
        let bytes = count * dtype.size();
        if bytes <= self.budget {
            return Ok(());
        }
        Err(too_many_constants())
    }
}

/// What is said if the constants that are computed at import take too much memory together.
pub fn too_many_constants() -> String {
    format!(
        "the constants that are computed when the model is loaded take more than {} MiB",
        super::importer::MAX_CONSTANTS >> 20
    )
}

/// Refuses tensors that are too large to be computed with here.
fn check_size(shape: &[usize]) -> Result<(), String> {
    // A dimension of size 0 makes a tensor empty, but not the loops over its other dimensions.
    let steps = shape.iter().try_fold(1usize, |steps, &size| steps.checked_mul(size.max(1)));
    if steps.is_some_and(|steps| steps <= MAX_ELEMENTS) {
        return Ok(());
    }
    Err(format!("the shape {shape:?} is too large to be computed with at import"))
}

/// A tensor with one number in every place.
pub fn filled(number: &Tensor, shape: &[usize]) -> Result<Tensor, String> {
    let mut tensor = Tensor::zeros(number.dtype(), shape).map_err(|error| error.to_string())?;
    if number.bytes().iter().any(|&byte| byte != 0) {
        for element in tensor.bytes_mut().chunks_exact_mut(number.bytes().len()) {
            element.copy_from_slice(number.bytes());
        }
    }
    Ok(tensor)
}

/// Whether a tensor of floats contains NaN.
pub fn has_nan(tensor: &Tensor) -> bool {
    match tensor.dtype() {
        DType::F32 => slice::<f32>(tensor).iter().any(|value| value.is_nan()),
        DType::F64 => slice::<f64>(tensor).iter().any(|value| value.is_nan()),
        DType::F16 => slice::<half::f16>(tensor).iter().any(|value| value.is_nan()),
        DType::BF16 => slice::<half::bf16>(tensor).iter().any(|value| value.is_nan()),
        _ => false,
    }
}

/// The elements of a tensor whose type was asked before.
fn slice<T: Element>(tensor: &Tensor) -> &[T] {
    tensor.as_slice().expect("the element type was asked before")
}
