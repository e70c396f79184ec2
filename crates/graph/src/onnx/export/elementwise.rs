//! Operators that compute element by element.

use super::context::{Attributes, ExportContext};
use crate::onnx::ExportError;
use crate::op::Operator;
use crate::op::elementwise::{Binary, Compare, Unary, Variadic};

pub fn unary(op: &Unary, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let none = Attributes::new();
    let attributes = match *op {
        Unary::Gelu { tanh } => {
            none.unless("approximate", if tanh { "tanh" } else { "none" }, "none")
        }
        Unary::Swish { alpha } => none.with("alpha", alpha),
        Unary::LeakyRelu { alpha } => none.with("alpha", alpha),
        Unary::Elu { alpha } => none.with("alpha", alpha),
        Unary::Selu { alpha, gamma } => none.with("alpha", alpha).with("gamma", gamma),
        Unary::Celu { alpha } => none.with("alpha", alpha),
        Unary::HardSigmoid { alpha, beta } => none.with("alpha", alpha).with("beta", beta),
        Unary::ThresholdedRelu { alpha } => none.with("alpha", alpha),
        Unary::Shrink { bias, lambda } => none.with("bias", bias).with("lambd", lambda),
        Unary::IsInf { negative, positive } => {
            none.unless("detect_negative", negative, true).unless("detect_positive", positive, true)
        }
        _ => none,
    };
    node.direct(op.name(), attributes);
    Ok(())
}

pub fn binary(op: &Binary, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let none = Attributes::new();
    let attributes = match op {
        Binary::Fmod => none.with("fmod", true),
        Binary::ShiftLeft => none.with("direction", "LEFT"),
        Binary::ShiftRight => none.with("direction", "RIGHT"),
        _ => none,
    };
    node.direct(op.name(), attributes);
    Ok(())
}

pub fn compare(op: &Compare, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct(op.name(), Attributes::new());
    Ok(())
}

pub fn variadic(op: &Variadic, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct(op.name(), Attributes::new());
    Ok(())
}

pub fn choice(node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("Where", Attributes::new());
    Ok(())
}

pub fn clip(node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("Clip", Attributes::new());
    Ok(())
}
