//! Products of f16 and bf16 become products of f32, between conversions: engines need fast kernels for f32 alone, and a
//! result is rounded once, as it was before.
//!
//! Weights are widened by folding. An engine may keep them narrow all the same: their numbers are still those of 16 bits.

use super::PassError;
use super::rewriter::Rewriter;
use crate::convert::Conversion;
use crate::dtype::DType;
use crate::graph::ValueId;
use crate::op::Op;
use crate::op::conversion::Cast;

pub(super) fn rewrite(rewriter: &mut Rewriter, node: usize) -> Result<bool, PassError> {
    let found = rewriter.node(node);
    let is_product = matches!(
        found.op,
        Op::MatMul(_)
            | Op::Gemm(_)
            | Op::Conv(_)
            | Op::ConvTranspose(_)
            | Op::Attention(_)
            | Op::Lstm(_)
            | Op::Gru(_)
            | Op::Rnn(_)
    );
    if !is_product || !found.inputs.iter().flatten().any(|id| is_narrow(rewriter, *id)) {
        return Ok(false);
    }
    let (name, op, outputs) = (found.name.clone(), found.op.clone(), found.outputs.clone());
    let mut inputs = found.inputs.clone();
    for input in inputs.iter_mut().flatten() {
        if is_narrow(rewriter, *input) {
            *input = cast(rewriter, *input, DType::F32)?;
        }
    }
    let first = rewriter.add(name, op, &inputs)?;
    let product = rewriter.producer(first).expect("a node computes its output");
    let wide = rewriter.node(product).outputs.clone();
    for (old, wide) in outputs.into_iter().zip(wide) {
        if rewriter.uses(old) == 0 {
            continue;
        }
        let to = rewriter.ty(old).dtype;
        let new = if rewriter.ty(wide).dtype == to { wide } else { cast(rewriter, wide, to)? };
        rewriter.replace(old, new)?;
    }
    Ok(true)
}

fn is_narrow(rewriter: &Rewriter, id: ValueId) -> bool {
    matches!(rewriter.ty(id).dtype, DType::F16 | DType::BF16)
}

fn cast(rewriter: &mut Rewriter, x: ValueId, to: DType) -> Result<ValueId, PassError> {
    let name = format!("{}:{to}", rewriter.name(x));
    rewriter.apply(name, Cast { to, conversion: Conversion::default() }, &[x])
}
