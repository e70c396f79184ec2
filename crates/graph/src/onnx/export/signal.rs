//! Operators on signals.

use super::context::{Attributes, ExportContext};
use crate::onnx::ExportError;
use crate::op::signal::{Dft, DftKind, Stft};
use crate::tensor::Tensor;

/// The axis is an attribute before version 20 and an input from then on.
pub fn dft(op: Dft, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let (inverse, onesided) = match op.kind {
        DftKind::Forward => (false, false),
        DftKind::ForwardOneSided => (false, true),
        DftKind::Inverse => (true, false),
        DftKind::InverseOneSided => {
            // Earlier versions did not say what it gives.
            node.require_opset(20);
            (true, true)
        }
    };
    let mut attributes =
        Attributes::new().unless("inverse", inverse, false).unless("onesided", onesided, false);
    let mut inputs = vec![node.input(0), scalar(node, "length", op.length)?];
    if node.opset() < 20 {
        attributes = attributes.with("axis", op.axis);
    } else {
        inputs.push(scalar(node, "axis", op.axis)?);
    }
    node.write("DFT", inputs, attributes);
    Ok(())
}

pub fn stft(op: Stft, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let step = scalar(node, "frame_step", op.frame_step)?;
    let length = scalar(node, "frame_length", op.frame_length)?;
    let inputs = vec![node.input(0), step, node.input(1), length];
    node.write("STFT", inputs, Attributes::new().with("onesided", op.onesided));
    Ok(())
}

fn scalar(node: &mut ExportContext<'_>, name: &str, value: usize) -> Result<String, ExportError> {
    let value = i64::try_from(value);
    let value = value.map_err(|_| node.error(format!("its `{name}` is too large")))?;
    Ok(node.initializer(name, &Tensor::scalar(value)))
}
