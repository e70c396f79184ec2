//! Quantisation of what was dequantised by the same parameters gives the same numbers back.
//!
//! It is exact, and only then done, where both use one scale and one zero point per element, the numbers are
//! integers of up to 16 bits, the floats between are f32, and each scale s is a constant with |s| ≥ 2⁻¹²⁶ and
//! 2¹⁷·|s| < 2¹²⁸. For n = q − z, |n| < 2¹⁷, the product n·s is then normal and rounded once, the quotient n·s/s is
//! rounded once more, and the result is off n by less than 2¹⁷ · 2⁻²³ < ½: it is rounded to n.

use super::PassError;
use super::rewriter::Rewriter;
use crate::dtype::DType;
use crate::graph::ValueId;
use crate::op::Op;

pub(super) fn rewrite(rewriter: &mut Rewriter, node: usize) -> Result<bool, PassError> {
    match numbers(rewriter, node) {
        Some(numbers) => rewriter.replace(rewriter.output(node), numbers),
        None => Ok(false),
    }
}

/// The numbers that a node quantises again.
pub(super) fn numbers(rewriter: &Rewriter, node: usize) -> Option<ValueId> {
    let Op::QuantizeLinear(quantize) = &rewriter.node(node).op else { return None };
    let floats = rewriter.input(node, 0)?;
    let (Op::DequantizeLinear(dequantize), inputs) = rewriter.made_by(floats)? else {
        return None;
    };
    let input = |index: usize| inputs.get(index).copied().flatten();
    let numbers = input(0)?;
    let dtype = rewriter.ty(numbers).dtype;
    let scale = input(1)?;
    let alike = is_same(rewriter, Some(scale), rewriter.input(node, 1))
        && is_same(rewriter, input(2), rewriter.input(node, 2))
        && dequantize.granularity == quantize.granularity
        && quantize.output == dtype
        && quantize.precision.is_none_or(|precision| precision == DType::F32);
    let exact = dtype.is_integer()
        && dtype.bits() <= 16
        && rewriter.ty(floats).dtype == DType::F32
        && rewriter
            .numbers(scale)?
            .iter()
            .all(|scale| scale.is_normal() && (scale * (1u32 << 17) as f32).is_finite());
    (alike && exact).then_some(numbers)
}

/// Whether two inputs are left out, one value, or equal constants.
fn is_same(rewriter: &Rewriter, left: Option<ValueId>, right: Option<ValueId>) -> bool {
    let equal = |left: ValueId, right: ValueId| {
        rewriter.constant(left).is_some() && rewriter.constant(left) == rewriter.constant(right)
    };
    match (left, right) {
        (Some(left), Some(right)) => left == right || equal(left, right),
        (left, right) => left == right,
    }
}
