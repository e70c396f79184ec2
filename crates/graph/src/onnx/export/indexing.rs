//! Operators that read and write at places which other tensors name.

use super::context::{Attributes, ExportContext};
use crate::onnx::ExportError;
use crate::op::indexing::{Gather, GatherElements, GatherNd, OneHot};
use crate::op::scattering::{ScatterElements, ScatterNd, ScatterReduction, TensorScatter};
use crate::tensor::Tensor;

pub fn gather(op: Gather, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("Gather", Attributes::new().with("axis", op.axis));
    Ok(())
}

pub fn gather_elements(
    op: GatherElements,
    node: &mut ExportContext<'_>,
) -> Result<(), ExportError> {
    node.direct("GatherElements", Attributes::new().with("axis", op.axis));
    Ok(())
}

pub fn gather_nd(op: GatherNd, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("GatherND", Attributes::new().unless("batch_dims", op.batch_dims, 0));
    Ok(())
}

pub fn one_hot(op: OneHot, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let depth = i64::try_from(op.depth).map_err(|_| node.error("its depth is too large"))?;
    let depth = node.initializer("depth", &Tensor::scalar(depth));
    let inputs = vec![node.input(0), depth, node.input(1)];
    node.write("OneHot", inputs, Attributes::new().with("axis", op.axis));
    Ok(())
}

pub fn scatter_elements(
    op: ScatterElements,
    node: &mut ExportContext<'_>,
) -> Result<(), ExportError> {
    let attributes = reduction(op.reduction, node, Attributes::new().with("axis", op.axis));
    node.direct("ScatterElements", attributes);
    Ok(())
}

pub fn scatter_nd(op: ScatterNd, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let attributes = reduction(op.reduction, node, Attributes::new());
    node.direct("ScatterND", attributes);
    Ok(())
}

/// Sums and products came with version 16, the others with 18.
fn reduction(
    reduction: ScatterReduction,
    node: &mut ExportContext<'_>,
    attributes: Attributes,
) -> Attributes {
    let name = match reduction {
        ScatterReduction::Replace => "none",
        ScatterReduction::Add => "add",
        ScatterReduction::Mul => "mul",
        ScatterReduction::Min => "min",
        ScatterReduction::Max => "max",
    };
    if matches!(reduction, ScatterReduction::Min | ScatterReduction::Max) {
        node.require_opset(18);
    }
    attributes.unless("reduction", name, "none")
}

pub fn tensor_scatter(op: TensorScatter, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(24);
    let mode = if op.circular { "circular" } else { "linear" };
    let attributes = Attributes::new().with("axis", op.axis).unless("mode", mode, "linear");
    node.direct("TensorScatter", attributes);
    Ok(())
}
