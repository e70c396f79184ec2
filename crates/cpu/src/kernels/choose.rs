//! From an operator to its kernel.

use tachy_graph::{Op, Operator};

use super::unary;
use crate::kernel::{Operands, Prepared, Unsupported};

/// The kernel for an operator on these operands.
pub(crate) fn prepare(op: &Op, operands: Operands<'_>) -> Prepared {
    match op {
        Op::Unary(op) => unary::prepare(*op, operands),
        other => Err(Unsupported(format!("there is no kernel for {}", other.name()))),
    }
}
