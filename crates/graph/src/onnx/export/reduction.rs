//! Operators that combine elements along dimensions.

use super::context::{Attributes, ExportContext};
use crate::dtype::DType;
use crate::onnx::ExportError;
use crate::op::Operator;
use crate::op::reduction::{ArgExtremum, Cumulative, Reduce, ReduceKind, Softmax, TopK};
use crate::tensor::Tensor;

/// Axes are an input since version 18, and for sums since version 13.
pub fn reduce(op: &Reduce, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let since = if op.kind == ReduceKind::Sum { 13 } else { 18 };
    let dtype = node.input_type(0).map(|ty| ty.dtype);
    if dtype == Some(DType::Bool) {
        node.require_opset(20);
    }
    if op.axes.is_empty() {
        node.require_opset(since);
    }
    let attributes = Attributes::new().unless("keepdims", op.keep_dims, true).unless(
        "noop_with_empty_axes",
        op.axes.is_empty(),
        false,
    );
    if node.opset() < since {
        let attributes = attributes.with("axes", &op.axes[..]);
        node.direct(op.name(), attributes);
        return Ok(());
    }
    let axes = node.integers("axes", &op.axes)?;
    node.write(op.name(), vec![node.input(0), axes], attributes);
    Ok(())
}

pub fn arg_extremum(op: &ArgExtremum, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    if op.select_last {
        node.require_opset(12);
    }
    let attributes = Attributes::new()
        .with("axis", op.axis)
        .unless("keepdims", op.keep_dims, true)
        .unless("select_last_index", op.select_last, false);
    node.direct(op.name(), attributes);
    Ok(())
}

pub fn cumulative(op: &Cumulative, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(if op.product { 26 } else { 11 });
    let axis = node.initializer("axis", &Tensor::scalar(op.axis as i64));
    let attributes = Attributes::new()
        .unless("exclusive", op.exclusive, false)
        .unless("reverse", op.reverse, false);
    node.write(op.name(), vec![node.input(0), axis], attributes);
    Ok(())
}

/// Since version 13 the axis is one dimension only.
pub fn softmax(op: &Softmax, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(13);
    node.direct(op.name(), Attributes::new().with("axis", op.axis));
    Ok(())
}

pub fn top_k(op: &TopK, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(11);
    let k = node.integers("k", &[op.k])?;
    let attributes = Attributes::new().with("axis", op.axis).unless("largest", op.largest, true);
    node.write(op.name(), vec![node.input(0), k], attributes);
    Ok(())
}
