//! Operators that compute element by element.

use super::context::{Attributes, ExportContext};
use crate::dtype::DType;
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
    let dtype = node.input_type(0).map(|ty| ty.dtype);
    node.require_opset(match op {
        Unary::Gelu { .. } => 20,
        Unary::Swish { .. } => 24,
        Unary::Mish | Unary::BitwiseNot => 18,
        Unary::IsNaN | Unary::IsInf { .. } if dtype.is_some_and(|d| d.is_small_float()) => 20,
        Unary::Acos
        | Unary::Acosh
        | Unary::Asin
        | Unary::Asinh
        | Unary::Atan
        | Unary::Atanh
        | Unary::Cos
        | Unary::Cosh
        | Unary::Sin
        | Unary::Sinh
        | Unary::Tan
        | Unary::Elu { .. }
        | Unary::Selu { .. }
        | Unary::Softplus
        | Unary::Softsign
        | Unary::Round
        | Unary::HardSigmoid { .. }
        | Unary::HardSwish
        | Unary::ThresholdedRelu { .. }
            if dtype == Some(DType::BF16) =>
        {
            22
        }
        _ => 0,
    });
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
    if matches!(op, Binary::BitwiseAnd | Binary::BitwiseOr | Binary::BitwiseXor) {
        node.require_opset(18);
    }
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
