//! Other shapes for the same data.

use super::FoldNode;
use crate::onnx::import::shapes;
use crate::tensor::Tensor;

/// `Identity`, `Reshape`, `Squeeze`, `Unsqueeze` and `Flatten`, of tensors of any size and type.
pub fn share(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let input = node.value(0)?;
    let axes = || node.attribute_or_input("axes", 13, 1);
    let shape = match node.op_type {
        "Reshape" => {
            let target = node.integers(1)?.ok_or("it has no shape")?;
            shapes::reshape(input.shape(), &target, node.attributes.flag("allowzero", false)?)?
        }
        "Squeeze" => shapes::squeeze(input.shape(), axes()?.as_deref())?,
        "Unsqueeze" => shapes::unsqueeze(input.shape(), &axes()?.ok_or("it has no axes")?)?,
        "Flatten" => shapes::flatten(input.shape(), node.attributes.int("axis")?.unwrap_or(1))?,
        _ => input.shape().to_vec(),
    };
    input.reshaped(&shape).map_err(|error| error.to_string())
}
