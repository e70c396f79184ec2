//! Attention.

use super::context::{Attributes, ExportContext};
use crate::onnx::ExportError;
use crate::op::attention::{Attention, AttentionScores, LinearAttention, RotaryEmbedding};

pub fn attention(op: &Attention, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let windowed = op.left_window.is_some() || op.right_window.is_some();
    let lengths = node.input_type(6).is_some();
    node.require_opset(if windowed {
        25
    } else if lengths {
        24
    } else {
        23
    });
    let mode: i64 = match op.scores {
        None | Some(AttentionScores::Products) => 0,
        Some(AttentionScores::Capped) => 1,
        Some(AttentionScores::Masked) => 2,
        Some(AttentionScores::Shares) => 3,
    };
    let mut attributes = Attributes::new()
        .with("scale", op.scale)
        .unless("softcap", op.softcap, 0.0)
        .unless("is_causal", op.causal, false)
        .unless("qk_matmul_output_mode", mode, 0);
    for (name, limit) in
        [("left_window_size", op.left_window), ("right_window_size", op.right_window)]
    {
        if let Some(limit) = limit {
            attributes = attributes.with(name, limit);
        }
    }
    node.direct("Attention", attributes);
    Ok(())
}

pub fn rotary_embedding(
    op: RotaryEmbedding,
    node: &mut ExportContext<'_>,
) -> Result<(), ExportError> {
    node.require_opset(23);
    let attributes = Attributes::new()
        .unless("interleaved", op.interleaved, false)
        .with("rotary_embedding_dim", op.size);
    node.direct("RotaryEmbedding", attributes);
    Ok(())
}

pub fn linear_attention(
    op: LinearAttention,
    node: &mut ExportContext<'_>,
) -> Result<(), ExportError> {
    node.require_opset(27);
    let given = |index: usize| node.input_type(index).is_some();
    let rule = match (given(4), given(5)) {
        (false, false) => "linear",
        (true, false) => "gated",
        (false, true) => "delta",
        (true, true) => "gated_delta",
    };
    let attributes = Attributes::new()
        .with("q_num_heads", op.heads)
        .with("kv_num_heads", op.groups)
        .with("scale", op.scale)
        .with("update_rule", rule);
    node.direct("LinearAttention", attributes);
    Ok(())
}
