//! Zeros added around an image become padding of the convolution or the mean pooling that reads it.

use super::PassError;
use super::rewriter::Rewriter;
use crate::graph::ValueId;
use crate::op::Op;
use crate::op::convolution::Conv;
use crate::op::pooling::AveragePool;
use crate::op::slicing::{Pad, PadMode};
use crate::op::window::Window;

pub(super) fn rewrite(rewriter: &mut Rewriter, node: usize) -> Result<bool, PassError> {
    let Some((op, x)) = find(rewriter, node) else { return Ok(false) };
    let found = rewriter.node(node);
    let (name, output, mut inputs) = (found.name.clone(), found.outputs[0], found.inputs.clone());
    inputs[0] = Some(x);
    let new = rewriter.add(name, op, &inputs)?;
    rewriter.replace(output, new)
}

/// The operator with more padding, and the image before it was padded.
fn find(rewriter: &Rewriter, node: usize) -> Option<(Op, ValueId)> {
    let padded = rewriter.input(node, 0)?;
    let (Op::Pad(pad), inputs) = rewriter.made_by(padded)? else { return None };
    let zeros = inputs.get(1).copied().flatten().is_none_or(|value| rewriter.is_all(value, 0));
    if pad.mode != PadMode::Constant || !zeros {
        return None;
    }
    let op = match &rewriter.node(node).op {
        Op::Conv(op) => Conv { window: widened(&op.window, pad)?, ..op.clone() }.into(),
        // A mean over padding that does not count cannot be told from one over an image without zeros.
        Op::AveragePool(op) if !op.ceil && (op.count_include_pad || is_unpadded(&op.window)) => {
            let window = widened(&op.window, pad)?;
            AveragePool { window, ceil: false, count_include_pad: true }.into()
        }
        _ => return None,
    };
    Some((op, inputs[0]?))
}

fn is_unpadded(window: &Window) -> bool {
    window.pads_begin.iter().chain(&window.pads_end).all(|pad| *pad == 0)
}

/// The window with the elements that are added to the spatial dimensions as further padding.
fn widened(window: &Window, pad: &Pad) -> Option<Window> {
    let (outer, spatial) = pad.pads.split_at_checked(2)?;
    if outer.iter().any(|pads| *pads != (0, 0)) {
        return None;
    }
    let mut window = window.clone();
    for (axis, (before, after)) in spatial.iter().enumerate() {
        window.pads_begin[axis] += usize::try_from(*before).ok()?;
        window.pads_end[axis] += usize::try_from(*after).ok()?;
    }
    Some(window)
}
