//! Linear algebra.

use super::context::{Attributes, ExportContext};
use crate::onnx::ExportError;
use crate::op::einsum::Einsum;
use crate::op::linear::Gemm;

pub fn matmul(node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("MatMul", Attributes::new());
    Ok(())
}

pub fn gemm(op: &Gemm, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let attributes = Attributes::new()
        .unless("alpha", op.alpha, 1.0)
        .unless("beta", op.beta, 1.0)
        .unless("transA", op.transpose_a, false)
        .unless("transB", op.transpose_b, false);
    node.direct("Gemm", attributes);
    Ok(())
}

pub fn einsum(op: &Einsum, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(12);
    node.direct("Einsum", Attributes::new().with("equation", &op.equation[..]));
    Ok(())
}

pub fn det(node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(11);
    node.direct("Det", Attributes::new());
    Ok(())
}
