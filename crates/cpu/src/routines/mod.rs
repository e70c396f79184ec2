//! The routines, a file for each family, and the choice among them.
//!
//! They are fast where the kernels of [`kernels`](crate::kernels) are plain: weights packed ahead, channels innermost,
//! epilogues on results that are still in the cache. Whatever has no routine of its own runs by its plain kernel.

mod attention;
mod concatenation;
mod conversion;
mod convolution;
mod epilogue;
mod plain;
mod pointwise;
mod pooling;
mod product;
mod recurrent;
mod response;
mod rows;
mod tail;
mod transposed;
mod views;
mod weights;

pub(crate) use conversion::{to_channels_last, to_row_major};
pub(crate) use plain::plain;

use tachy_graph::{Node, Op};
use tachy_runtime::Result;

use crate::program::Lowering;

/// Adds the steps of a node, if there is a routine for it.
///
/// # Errors
/// If the node is one that no kernel takes.
pub(crate) fn lower(lowering: &mut Lowering<'_>, node: &Node) -> Result<bool> {
    let last = lowering.is_channels_last(node.outputs[0]);
    let anchor = match &node.op {
        Op::Fused(fused) => &*fused.anchor,
        op => op,
    };
    let done = match anchor {
        Op::Conv(conv) if last => convolution::lower(lowering, node, conv)?,
        Op::ConvTranspose(op) if last => transposed::lower(lowering, node, op),
        Op::MaxPool(_) | Op::AveragePool(_) | Op::GlobalPool(_) if last => {
            pooling::lower(lowering, node)
        }
        Op::Concat(_) if last => concatenation::lower(lowering, node),
        Op::LocalResponseNormalization(op) if last => response::lower(lowering, node, op),
        Op::Softmax(_) | Op::LayerNormalization(_) | Op::RmsNormalization(_) => {
            rows::lower(lowering, node)
        }
        Op::Attention(op) => attention::lower(lowering, node, op),
        Op::Lstm(_) | Op::Gru(_) | Op::Rnn(_) => recurrent::lower(lowering, node),
        Op::Reshape(_) => views::lower(lowering, node),
        Op::MatMul(_) | Op::Gemm(_) => product::lower(lowering, node)?,
        _ => pointwise::lower(lowering, node),
    };
    match &node.op {
        Op::Fused(fused) if !done => pointwise::lower_apart(lowering, node, fused),
        _ => Ok(done),
    }
}
