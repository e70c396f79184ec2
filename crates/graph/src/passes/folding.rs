//! Constant folding: what depends on constants alone is computed now.

use super::rewriter::Rewriter;
use super::{PassError, PassOptions};
use crate::dtype::DType;
use crate::graph::{Node, ValueId};
use crate::op::Op;
use crate::op::elementwise::Unary;
use crate::shape::TensorType;
use crate::tensor::Tensor;

/// Computes single nodes. An engine implements it by its kernels.
pub trait Evaluate {
    /// The outputs of a node for these inputs; `outputs` are their types.
    ///
    /// # Errors
    /// If the node cannot be computed, for whatever reason: it then stays in the graph.
    fn evaluate(
        &self,
        node: &Node,
        inputs: &[Option<&Tensor>],
        outputs: &[&TensorType],
    ) -> Result<Vec<Tensor>, String>;
}

/// Replaces a node of constants by what it computes.
pub(super) fn rewrite(
    rewriter: &mut Rewriter,
    node: usize,
    options: &PassOptions<'_>,
) -> Result<bool, PassError> {
    let Some(tensors) = compute(rewriter, node, options) else { return Ok(false) };
    let found = rewriter.node(node);
    let (name, inputs, outputs) = (found.name.clone(), found.inputs.clone(), found.outputs.clone());
    let inputs: Vec<_> = inputs.iter().flatten().filter_map(|id| rewriter.constant(*id)).collect();
    for tensor in &tensors {
        check_numbers(&name, tensor, &inputs, options)?;
    }
    let mut changed = false;
    for (output, tensor) in outputs.into_iter().zip(tensors) {
        if rewriter.uses(output) > 0 {
            let constant = rewriter.add_constant(rewriter.name(output).to_owned(), tensor);
            changed |= rewriter.replace(output, constant)?;
        }
    }
    Ok(changed)
}

fn compute(rewriter: &Rewriter, node: usize, options: &PassOptions<'_>) -> Option<Vec<Tensor>> {
    let node = rewriter.node(node);
    let constant = |id: &Option<ValueId>| match id {
        None => Some(None),
        Some(id) => rewriter.constant(*id).map(Some),
    };
    let inputs: Vec<Option<&Tensor>> = node.inputs.iter().map(constant).collect::<Option<_>>()?;
    let types: Vec<&TensorType> = node.outputs.iter().map(|id| rewriter.ty(*id)).collect();
    let given: usize = inputs.iter().flatten().map(|tensor| tensor.bytes().len()).sum();
    let made = types.iter().try_fold(0usize, |sum, ty| {
        sum.checked_add(ty.element_count().ok()?.checked_mul(ty.dtype.size())?)
    })?;
    // Exporters store weights in 16 bits and widen them at each run; engines may keep them narrow again.
    let widens = matches!(&node.op, Op::Cast(op) if op.to == DType::F32)
        && inputs.iter().flatten().all(|tensor| matches!(tensor.dtype(), DType::F16 | DType::BF16));
    if made > given.max(options.folding_limit) && !widens {
        return None;
    }
    match (&node.op, &inputs[..]) {
        // A copy of a constant stays where the graph gives it out.
        (Op::Unary(Unary::Identity), _) => None,
        (Op::Reshape(op), [Some(data)]) => Some(vec![data.reshaped(&op.shape).ok()?]),
        (Op::Cast(op), [Some(data)]) => Some(vec![data.cast(op.to, op.conversion).ok()?]),
        _ => {
            let tensors = options.evaluate?.evaluate(node, &inputs, &types).ok()?;
            let fits = tensors.iter().map(Tensor::ty).eq(types.iter().copied());
            fits.then_some(tensors)
        }
    }
}

/// Refuses a constant with NaN that is made of constants without.
pub(super) fn check_numbers(
    node: &str,
    tensor: &Tensor,
    sources: &[&Tensor],
    options: &PassOptions<'_>,
) -> Result<(), PassError> {
    if !options.allow_nan && holds_nan(tensor) && !sources.iter().any(|source| holds_nan(source)) {
        return Err(PassError::NotANumber { node: node.to_owned() });
    }
    Ok(())
}

fn holds_nan(tensor: &Tensor) -> bool {
    // Whole pieces without a branch for each element: weights are large, and nearly always without.
    const PIECE: usize = 4096;
    let f32s = |all: &[f32]| {
        all.chunks(PIECE).any(|piece| piece.iter().fold(false, |nan, x| nan | x.is_nan()))
    };
    let f64s = |all: &[f64]| {
        all.chunks(PIECE).any(|piece| piece.iter().fold(false, |nan, x| nan | x.is_nan()))
    };
    match tensor.dtype() {
        DType::F32 => tensor.as_slice::<f32>().is_ok_and(f32s),
        DType::F64 => tensor.as_slice::<f64>().is_ok_and(f64s),
        _ => false,
    }
}
