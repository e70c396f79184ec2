//! Which family writes which operator.

use super::context::ExportContext;
use super::{elementwise, linear, movement};
use crate::onnx::ExportError;
use crate::op::Op;

/// Writes one node.
pub fn write(op: &Op, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    match op {
        Op::Unary(op) => elementwise::unary(op, node),
        Op::Binary(op) => elementwise::binary(op, node),
        Op::Compare(op) => elementwise::compare(op, node),
        Op::Variadic(op) => elementwise::variadic(op, node),
        Op::Where(_) => elementwise::choice(node),
        Op::Clip(_) => elementwise::clip(node),
        Op::Cast(op) => elementwise::cast(op, node),
        Op::MatMul(_) => linear::matmul(node),
        Op::Gemm(op) => linear::gemm(op, node),
        Op::Reshape(op) => movement::reshape(op, node),
        Op::Transpose(op) => movement::transpose(op, node),
    }
}
