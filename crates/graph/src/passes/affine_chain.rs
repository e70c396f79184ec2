//! Constant factors and summands that follow each other become one factor and one summand.

use super::PassError;
use super::rewriter::Rewriter;
use crate::graph::ValueId;
use crate::op::Op;
use crate::op::elementwise::Binary::{self, Add, Mul};
use crate::tensor::Tensor;

pub(super) fn rewrite(rewriter: &mut Rewriter, node: usize) -> Result<bool, PassError> {
    let Some(chain) = find(rewriter, node) else { return Ok(false) };
    let (name, output) = (rewriter.node(node).name.clone(), rewriter.output(node));
    let first = rewriter.name(chain.constants[0]).to_owned();
    let combined = rewriter.add_constant(first, chain.combined);
    let new = match (chain.first, chain.second) {
        // (x + a) · b = x · b + a · b
        (Add, Mul) => {
            let scaled =
                rewriter.apply(format!("{name}/scale"), Mul, &[chain.x, chain.constants[1]])?;
            rewriter.apply(name, Add, &[scaled, combined])?
        }
        (_, op) => rewriter.apply(name, op, &[chain.x, combined])?,
    };
    rewriter.replace(output, new)
}

/// `(x first a) second b` with constants a and b.
struct Chain {
    first: Binary,
    second: Binary,
    x: ValueId,
    constants: [ValueId; 2],
    /// a + b if both are sums, a · b otherwise.
    combined: Tensor,
}

fn find(rewriter: &Rewriter, node: usize) -> Option<Chain> {
    let output = rewriter.output(node);
    let (second, before, b) = step(rewriter, output)?;
    rewriter.only_for(before)?;
    let (first, x, a) = step(rewriter, before)?;
    let combine: fn(f32, f32) -> f32 = match (first, second) {
        (Mul, Mul) => |a, b| a * b,
        (Add, Add) => |a, b| a + b,
        // Where one number is added and another one multiplied by, a formula wants it that way: near x = −a, its
        // result has more correct digits.
        (Add, Mul) if rewriter.uniform(b).is_none() => |a, b| a * b,
        _ => return None,
    };
    let (left, right) = (rewriter.numbers(a)?, rewriter.numbers(b)?);
    let (shape, numbers): (_, Vec<f32>) = match (left, right) {
        ([a], _) => (rewriter.shape(b), right.iter().map(|b| combine(*a, *b)).collect()),
        (_, [b]) => (rewriter.shape(a), left.iter().map(|a| combine(*a, *b)).collect()),
        _ if rewriter.shape(a) == rewriter.shape(b) => {
            (rewriter.shape(a), left.iter().zip(right).map(|(a, b)| combine(*a, *b)).collect())
        }
        _ => return None,
    };
    let combined = Tensor::new(shape, &numbers).ok()?;
    // What is not finite is left to the engine: ∞ · 0 is NaN, wherever it is computed.
    let finite = numbers.iter().all(|number| number.is_finite());
    finite.then_some(Chain { first, second, x, constants: [a, b], combined })
}

/// A sum or product with a constant that is no larger than the other operand: which, the operand, the constant.
fn step(rewriter: &Rewriter, value: ValueId) -> Option<(Binary, ValueId, ValueId)> {
    let (Op::Binary(op @ (Add | Mul)), _) = rewriter.made_by(value)? else { return None };
    rewriter
        .operands(value, *op)
        .into_iter()
        .find(|(x, constant)| {
            rewriter.ty(*x) == rewriter.ty(value) && rewriter.numbers(*constant).is_some()
        })
        .map(|(x, constant)| (*op, x, constant))
}
