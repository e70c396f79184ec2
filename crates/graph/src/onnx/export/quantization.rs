//! Quantization.

use super::context::{Attributes, ExportContext};
use crate::dtype::DType;
use crate::onnx::ExportError;
use crate::op::quantization::{DequantizeLinear, Granularity, QuantizeLinear};

/// The axis, and the size of blocks, which came with version 21.
fn granularity(granularity: Granularity, node: &mut ExportContext<'_>) -> Attributes {
    match granularity {
        Granularity::PerTensor => Attributes::new(),
        Granularity::PerAxis(axis) => {
            node.require_opset(13);
            Attributes::new().with("axis", axis)
        }
        Granularity::Blocked { axis, size } => {
            node.require_opset(21);
            Attributes::new().with("axis", axis).with("block_size", size)
        }
    }
}

/// The first version that has these types, of the inputs and the output.
fn require_types(node: &mut ExportContext<'_>, output: DType) {
    let inputs = (0..node.input_count()).filter_map(|index| Some(node.input_type(index)?.dtype));
    let since = inputs.chain([output]).map(|dtype| match dtype {
        DType::F16 | DType::BF16 => 19,
        DType::I16 | DType::U16 => 21,
        _ => 10,
    });
    let since = since.max().unwrap_or(10);
    node.require_opset(since);
}

pub fn quantize(op: &QuantizeLinear, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    require_types(node, op.output);
    let mut attributes = granularity(op.granularity, node);
    if !op.saturate {
        node.require_opset(19);
        attributes = attributes.with("saturate", false);
    }
    if node.input_type(2).is_none() && op.output != DType::U8 {
        node.require_opset(21);
        attributes = attributes.with("output_dtype", op.output);
    }
    if let Some(precision) = op.precision {
        node.require_opset(23);
        attributes = attributes.with("precision", precision);
    }
    node.direct("QuantizeLinear", attributes);
    Ok(())
}

pub fn dequantize(op: &DequantizeLinear, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    require_types(node, op.output);
    let mut attributes = granularity(op.granularity, node);
    if node.input_type(1).is_some_and(|scale| scale.dtype != op.output) {
        node.require_opset(23);
        attributes = attributes.with("output_dtype", op.output);
    }
    node.direct("DequantizeLinear", attributes);
    Ok(())
}

pub fn dynamic(node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(11);
    node.direct("DynamicQuantizeLinear", Attributes::new());
    Ok(())
}

pub fn matmul_integer(node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(10);
    node.direct("MatMulInteger", Attributes::new());
    Ok(())
}

/// Scales that are not f32, and 8-bit floats, came with version 21.
pub fn qlinear_matmul(node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let types = (0..node.input_count()).filter_map(|index| Some(node.input_type(index)?.dtype));
    let old = types.map(|dtype| matches!(dtype, DType::F32 | DType::I8 | DType::U8));
    let since = if old.min().unwrap_or(true) { 10 } else { 21 };
    node.require_opset(since);
    node.direct("QLinearMatMul", Attributes::new());
    Ok(())
}
