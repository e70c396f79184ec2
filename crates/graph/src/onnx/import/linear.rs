//! Importers of linear algebra.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use crate::op::linear::{Gemm, MatMul};

pub const OPERATORS: &[Entry] =
    &[Entry::new("Gemm", gemm), Entry::new("MatMul", |node| node.direct(MatMul))];

fn gemm(node: &mut NodeContext<'_, '_>) -> Imported {
    let op = Gemm {
        alpha: node.float("alpha")?.unwrap_or(1.0),
        beta: node.float("beta")?.unwrap_or(1.0),
        transpose_a: node.flag("transA", false)?,
        transpose_b: node.flag("transB", false)?,
    };
    node.direct(op)
}
