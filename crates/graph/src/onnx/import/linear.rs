//! Importers of linear algebra.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use crate::op::einsum::Einsum;
use crate::op::linear::{Det, Gemm, MatMul};

pub const OPERATORS: &[Entry] = &[
    Entry::new("Det", |node| node.direct(Det)).since(11),
    Entry::new("Einsum", einsum).since(12),
    Entry::new("Gemm", gemm),
    Entry::new("MatMul", |node| node.direct(MatMul)),
];

fn einsum(node: &mut NodeContext<'_, '_>) -> Imported {
    let equation = node.string("equation")?;
    let equation = equation.ok_or_else(|| node.error("it has no attribute `equation`"))?.to_owned();
    node.direct(Einsum { equation })
}

fn gemm(node: &mut NodeContext<'_, '_>) -> Imported {
    let op = Gemm {
        alpha: node.float("alpha")?.unwrap_or(1.0),
        beta: node.float("beta")?.unwrap_or(1.0),
        transpose_a: node.flag("transA", false)?,
        transpose_b: node.flag("transB", false)?,
    };
    node.direct(op)
}
