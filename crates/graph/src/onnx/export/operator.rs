//! Which family writes which operator.

use super::context::ExportContext;
use super::{conversion, elementwise, linear, movement};
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
        Op::Cast(op) => conversion::cast(op, node),
        Op::MatMul(_) => linear::matmul(node),
        Op::Gemm(op) => linear::gemm(op, node),
        Op::Reshape(op) => movement::reshape(op, node),
        Op::Transpose(op) => movement::transpose(op, node),
        Op::BitCast(op) => conversion::bit_cast(op, node),
        _ => Err(node.error("nothing says how")),
    }
}
