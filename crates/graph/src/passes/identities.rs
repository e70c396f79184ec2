//! Identities: operators that change nothing are left out, and neighbours that only move elements become one.

use super::PassError;
use super::rewriter::Rewriter;
use crate::graph::ValueId;
use crate::op::Op;
use crate::op::elementwise::{Binary, Unary};
use crate::op::movement::{Reshape, Transpose};
use crate::op::reduction::ReduceKind;
use crate::op::slicing::SliceAxis;
use crate::shape::broadcast;

/// Leaves a node out, or joins it with the one before.
pub(super) fn rewrite(rewriter: &mut Rewriter, node: usize) -> Result<bool, PassError> {
    if let Some(same) = unchanged(rewriter, node) {
        return rewriter.replace(rewriter.output(node), same);
    }
    let Some((op, inputs)) = simpler(rewriter, node) else { return Ok(false) };
    let found = rewriter.node(node);
    let output = found.outputs[0];
    let new = rewriter.add(found.name.clone(), op, &inputs)?;
    rewriter.replace(output, new)
}

/// The input that a node gives back as it is.
fn unchanged(rewriter: &Rewriter, node: usize) -> Option<ValueId> {
    let found = rewriter.node(node);
    let input = rewriter.input(node, 0)?;
    let same_type = rewriter.ty(input) == rewriter.ty(found.outputs[0]);
    let same = match &found.op {
        Op::Unary(Unary::Identity) => true,
        Op::Reshape(_) | Op::Expand(_) | Op::Tile(_) | Op::Cast(_) => same_type,
        Op::BitCast(_) => same_type,
        Op::Transpose(op) => op.permutation.is_sorted(),
        Op::Concat(_) | Op::Variadic(_) => found.inputs.len() == 1,
        Op::Split(op) => op.sizes.len() == 1,
        Op::Slice(op) => {
            let sizes = rewriter.shape(input);
            op.axes.iter().zip(sizes).all(|(axis, size)| *axis == SliceAxis::whole(*size))
        }
        Op::Pad(op) => op.pads.iter().all(|pads| *pads == (0, 0)),
        Op::Clip(_) => found.inputs[1..].iter().all(Option::is_none),
        Op::Reduce(op) => {
            use ReduceKind::{Max, Mean, Min, Prod, Sum};
            op.axes.is_empty() && matches!(op.kind, Sum | Mean | Max | Min | Prod)
        }
        Op::Binary(op) => return neutral(rewriter, node, *op),
        _ => false,
    };
    same.then_some(input)
}

/// The other operand of + 0, − 0, × 1, / 1 and to the power of 1.
fn neutral(rewriter: &Rewriter, node: usize, op: Binary) -> Option<ValueId> {
    let (a, b) = (rewriter.input(node, 0)?, rewriter.input(node, 1)?);
    let (number, either) = match op {
        Binary::Add => (0, true),
        Binary::Sub => (0, false),
        Binary::Mul => (1, true),
        Binary::Div | Binary::Pow => (1, false),
        _ => return None,
    };
    let ty = rewriter.ty(rewriter.output(node));
    let fits = |operand, other| rewriter.ty(operand) == ty && rewriter.is_all(other, number);
    if fits(a, b) {
        return Some(a);
    }
    (either && fits(b, a)).then_some(b)
}

/// One operator that does what a node and the one before it do.
fn simpler(rewriter: &Rewriter, node: usize) -> Option<(Op, Vec<Option<ValueId>>)> {
    let found = rewriter.node(node);
    let input = rewriter.input(node, 0)?;
    let before = rewriter.made_by(input);
    match (&found.op, before) {
        (Op::Reshape(op), Some((Op::Reshape(_), inputs))) => {
            Some((Reshape { shape: op.shape.clone() }.into(), inputs.to_vec()))
        }
        (Op::Transpose(op), Some((Op::Transpose(first), inputs))) => {
            let permutation = op.permutation.iter().map(|axis| first.permutation[*axis]).collect();
            Some((Transpose { permutation }.into(), inputs.to_vec()))
        }
        (Op::Binary(op), _) => {
            let mut inputs = found.inputs.clone();
            let result = rewriter.shape(found.outputs[0]);
            for place in 0..2 {
                let (operand, other) = (inputs[place]?, inputs[1 - place]?);
                // Broadcasting does what an expansion does.
                let Some((Op::Expand(_), [Some(source)])) = rewriter.made_by(operand) else {
                    continue;
                };
                let together = broadcast(rewriter.shape(*source), rewriter.shape(other));
                let slope_only = *op != Binary::PRelu || place == 1;
                if slope_only && together.is_ok_and(|shape| shape == result) {
                    inputs[place] = Some(*source);
                    return Some(((*op).into(), inputs));
                }
            }
            None
        }
        _ => None,
    }
}
