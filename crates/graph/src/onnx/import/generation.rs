//! Importers of operators that make values out of nothing but shapes and numbers. Their outputs become
//! constants.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use crate::onnx::tensor;
use crate::tensor::Tensor;

pub const OPERATORS: &[Entry] = &[
    Entry::new("Constant", generated).note("Becomes a constant. No strings."),
    Entry::new("ConstantOfShape", constant_of_shape).since(9).note(
        "Becomes a constant, or `Expand` beyond 256 MiB of them; the shape must be known at load.",
    ),
    Entry::new("EyeLike", generated).since(9).note("Becomes a constant."),
    Entry::new("Range", generated)
        .since(11)
        .note("Becomes a constant; the inputs must be known at load."),
    Entry::new("Shape", generated).note("Becomes a constant."),
    Entry::new("Size", generated).note("Becomes a constant."),
];

/// The value of a node that depends on nothing, or on known inputs of the graph. (What depends on nothing was
/// made a constant before its importer is asked; then this says why it could not.)
pub(super) fn generated(node: &mut NodeContext<'_, '_>) -> Imported {
    let tensor = node.evaluate()?;
    Ok(vec![node.add_constant("value", tensor)?])
}

/// A constant, or a number that is expanded when the graph runs if there would be too many constants.
fn constant_of_shape(node: &mut NodeContext<'_, '_>) -> Imported {
    let shape = node.required_i64s(0, "input")?;
    let shape = tensor::shape(&shape).map_err(|reason| node.error(reason))?;
    let number = node.tensor("value")?.unwrap_or_else(|| Tensor::scalar(0f32));
    Ok(vec![node.fill("value", &number, &shape)?])
}
