//! Importers of attention and what goes with it.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use super::windows::groups;
use crate::convert::Conversion;
use crate::dtype::DType;
use crate::graph::ValueId;
use crate::onnx::ImportError;
use crate::op::attention::{Attention, AttentionScores, LinearAttention, RotaryEmbedding};
use crate::op::conversion::Cast;
use crate::op::convolution::Conv;
use crate::op::elementwise::{Binary, Unary};
use crate::op::movement::{Reshape, Transpose};
use crate::op::slicing::{Concat, Slice, SliceAxis};
use crate::op::window::Window;
use crate::tensor::Tensor;

pub const OPERATORS: &[Entry] = &[
    Entry::new("Attention", attention)
        .since(23)
        .note("Softmax is computed in f32, or in f64 for inputs of f64."),
    Entry::new("CausalConvWithState", causal_conv)
        .since(27)
        .note("Becomes `Concat`, `Conv`, `Slice`."),
    Entry { domain: "ai.onnx.preview", ..Entry::new("FlexAttention", flex_attention) }
        .since(1)
        .note("Without `score_mod` and `prob_mod` only."),
    Entry::new("LinearAttention", linear_attention).since(27),
    Entry::new("RotaryEmbedding", rotary_embedding).since(23),
    Entry::new("SwiGLU", swiglu).since(28).note("Becomes `Swish` and `Mul`."),
];

/// Inputs of rank 3 have all heads in their last dimension.
fn attention(node: &mut NodeContext<'_, '_>) -> Imported {
    let limit = |name: &str| -> Result<Option<usize>, ImportError> {
        let value = node.int(name)?.unwrap_or(-1);
        match value {
            -1 => Ok(None),
            _ => u32::try_from(value)
                .map(|value| Some(value as usize))
                .map_err(|_| node.error(format!("its attribute `{name}` is {value}"))),
        }
    };
    let (left_window, right_window) = (limit("left_window_size")?, limit("right_window_size")?);
    let scores = match node.int("qk_matmul_output_mode")?.unwrap_or(0) {
        0 => AttentionScores::Products,
        1 => AttentionScores::Capped,
        2 => AttentionScores::Masked,
        3 => AttentionScores::Shares,
        other => {
            return Err(node.error(format!("its attribute `qk_matmul_output_mode` is {other}")));
        }
    };
    let mut inputs = node.all_inputs();
    let flat = node.input_type(0)?.rank() == 3;
    if flat {
        let (heads, groups) = (groups(node, "q_num_heads")?, groups(node, "kv_num_heads")?);
        for (index, heads) in [(0, heads), (1, groups), (2, groups)] {
            inputs[index] = Some(split_heads(node, index, heads)?);
        }
    }
    // A mask of integers is added as the numbers that it holds.
    if let Some(Some(mask)) = inputs.get(3).copied() {
        let dtype = node.ty(mask).dtype;
        let to = node.input_type(0)?.dtype;
        if dtype != DType::Bool && dtype != to {
            inputs[3] = Some(node.apply(Cast { to, conversion: Conversion::default() }, &[mask])?);
        }
    }
    let op = Attention {
        scale: scale(node, inputs[0])?,
        softcap: node.float("softcap")?.unwrap_or(0.0),
        causal: node.flag("is_causal", false)?,
        left_window,
        right_window,
        present: (1..4).any(|index| node.has_output(index)),
        scores: node.has_output(3).then_some(scores),
    };
    let mut outputs = node.emit(op, &inputs)?;
    if flat {
        outputs[0] = join_heads(node, outputs[0])?;
    }
    Ok(outputs)
}

fn flex_attention(node: &mut NodeContext<'_, '_>) -> Imported {
    for name in ["score_mod", "prob_mod"] {
        if node.has_attribute(name) {
            return Err(node.error(format!("its attribute `{name}`, a graph, is not supported")));
        }
    }
    let inputs = node.all_inputs();
    let op = Attention {
        scale: scale(node, inputs.first().copied().flatten())?,
        softcap: 0.0,
        causal: false,
        left_window: None,
        right_window: None,
        present: false,
        scores: None,
    };
    node.emit(op, &inputs)
}

/// The attribute `scale`, or 1/√D for queries of D elements.
fn scale(node: &NodeContext<'_, '_>, queries: Option<ValueId>) -> Result<f32, ImportError> {
    let size = queries.and_then(|value| node.ty(value).shape.last().copied()).unwrap_or(1);
    Ok(node.float("scale")?.unwrap_or_else(|| (size as f32).sqrt().recip()))
}

/// An input `[B, S, H·D]` as `[B, H, S, D]`.
fn split_heads(
    node: &mut NodeContext<'_, '_>,
    index: usize,
    heads: usize,
) -> Result<ValueId, ImportError> {
    let input = node.input(index)?;
    let &[batch, steps, width] = &node.ty(input).shape[..] else {
        return Err(node.error("its first three inputs must have one rank, 3 or 4"));
    };
    if width % heads != 0 {
        return Err(node.error(format!("{width} elements cannot be shared among {heads} heads")));
    }
    let shape = vec![batch, steps, heads, width / heads];
    let split = node.apply(Reshape { shape }, &[input])?;
    node.apply(Transpose { permutation: vec![0, 2, 1, 3] }, &[split])
}

/// A value `[B, H, S, D]` as `[B, S, H·D]`.
fn join_heads(node: &mut NodeContext<'_, '_>, value: ValueId) -> Result<ValueId, ImportError> {
    let &[batch, heads, steps, size] = &node.ty(value).shape[..] else {
        return Err(node.error("its output must have rank 4"));
    };
    let turned = node.apply(Transpose { permutation: vec![0, 2, 1, 3] }, &[value])?;
    node.apply(Reshape { shape: vec![batch, steps, heads * size] }, &[turned])
}

fn rotary_embedding(node: &mut NodeContext<'_, '_>) -> Imported {
    let flat = node.input_type(0)?.rank() == 3;
    let mut inputs = node.all_inputs();
    if flat {
        let heads = groups(node, "num_heads")?;
        inputs[0] = Some(split_heads(node, 0, heads)?);
    }
    let size = match node.int("rotary_embedding_dim")?.unwrap_or(0) {
        0 => inputs[0].and_then(|x| node.ty(x).shape.last().copied()).unwrap_or(0),
        size => usize::try_from(size)
            .map_err(|_| node.error(format!("its attribute `rotary_embedding_dim` is {size}")))?,
    };
    let op = RotaryEmbedding { interleaved: node.flag("interleaved", false)?, size };
    let mut outputs = node.emit(op, &inputs)?;
    if flat {
        outputs[0] = join_heads(node, outputs[0])?;
    }
    Ok(outputs)
}

/// Which inputs are given must fit the rule; then they say it.
fn linear_attention(node: &mut NodeContext<'_, '_>) -> Imported {
    let rule = node.string("update_rule")?.unwrap_or("gated_delta");
    let (gated, delta) = match rule {
        "linear" => (false, false),
        "gated" => (true, false),
        "delta" => (false, true),
        "gated_delta" => (true, true),
        other => return Err(node.error(format!("its attribute `update_rule` is `{other}`"))),
    };
    if node.has_input(4) != gated || node.has_input(5) != delta {
        return Err(
            node.error(format!("its decay and its update rate do not fit the rule `{rule}`"))
        );
    }
    let (heads, groups) = (groups(node, "q_num_heads")?, groups(node, "kv_num_heads")?);
    let size = node.input_type(0)?.shape.last().copied().unwrap_or(0) / heads;
    let scale = match node.float("scale")?.unwrap_or(0.0) {
        0.0 => (size as f32).sqrt().recip(),
        scale => scale,
    };
    node.direct(LinearAttention { heads, groups, scale })
}

/// A depthwise convolution over what came before and the input.
fn causal_conv(node: &mut NodeContext<'_, '_>) -> Imported {
    let swish = match node.string("activation")?.unwrap_or("none") {
        "none" => false,
        "silu" | "swish" => true,
        other => return Err(node.error(format!("its attribute `activation` is `{other}`"))),
    };
    let ty = node.input_type(0)?.clone();
    let (&[batch, channels, length], &[_, _, kernel]) =
        (&ty.shape[..], &node.input_type(1)?.shape[..])
    else {
        return Err(node.error("its input and its weights must have rank 3"));
    };
    let before = kernel.saturating_sub(1);
    let (x, weights) = (node.input(0)?, node.input(1)?);
    let past = match node.optional_input(3) {
        Some(past) => past,
        None => {
            let zero =
                Tensor::zeros(ty.dtype, &[]).map_err(|error| node.error(error.to_string()))?;
            node.fill("past_state", &zero, &[batch, channels, before])?
        }
    };
    let joined = node.apply(Concat { axis: 2 }, &[past, x])?;
    let bias = node.optional_input(2);
    let conv = Conv { window: Window::new([kernel]), groups: channels };
    let mut y = node.emit(conv, &[Some(joined), Some(weights), bias])?[0];
    if swish {
        y = node.apply(Unary::Swish { alpha: 1.0 }, &[y])?;
    }
    let last = SliceAxis { start: length, step: 1, size: before };
    let axes = vec![SliceAxis::whole(batch), SliceAxis::whole(channels), last];
    let present = node.apply(Slice { axes }, &[joined])?;
    Ok(vec![y, present])
}

fn swiglu(node: &mut NodeContext<'_, '_>) -> Imported {
    let (a, b) = (node.input(0)?, node.input(1)?);
    if node.ty(a) != node.ty(b) {
        return Err(node.error("its inputs must have one type"));
    }
    let alpha = node.float("alpha")?.unwrap_or(1.0);
    let gate = node.apply(Unary::Swish { alpha }, &[a])?;
    Ok(vec![node.apply(Binary::Mul, &[gate, b])?])
}
