//! How values lie in memory.
//!
//! Convolutions, pooling and what stands between them work on images whose channels are innermost: a pixel's channels
//! fill vectors whatever the image's size, weights meet them without a copy, and a concatenation of channels is a
//! matter of where they are written. Everything else is row-major.

use tachy_graph::op::pooling::GlobalPool;
use tachy_graph::{DType, Graph, Node, Op, TensorType, ValueId};

use super::elementwise;

/// How a value lies in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Layout {
    /// The last dimension innermost, no gaps.
    RowMajor,
    /// Channels (the second dimension) innermost, pixels `pitch` elements apart.
    ChannelsLast {
        /// Elements from one pixel to the next.
        pitch: usize,
    },
}

/// Images in a tensor of f32 `[batch, channels, height, width]` or `[batch, channels, width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl Image {
    /// The images of a tensor of this type, if it can be taken for some and is not empty.
    pub(crate) fn of(ty: &TensorType) -> Option<Self> {
        let (batch, channels, height, width) = match ty.shape[..] {
            [batch, channels, width] => (batch, channels, 1, width),
            [batch, channels, height, width] => (batch, channels, height, width),
            _ => return None,
        };
        let full = batch * channels * height * width > 0;
        (ty.dtype == DType::F32 && full).then_some(Self { batch, channels, height, width })
    }

    pub(crate) fn pixels(self) -> usize {
        self.height * self.width
    }

    /// The strides of images, rows, pixels and channels if the channels are innermost.
    pub(crate) fn strides(self, pitch: usize) -> [usize; 4] {
        [self.pixels() * pitch, self.width * pitch, pitch, 1]
    }
}

/// For each value, whether it is computed with its channels innermost.
pub(crate) fn assign(graph: &Graph) -> Vec<bool> {
    let mut last = vec![false; graph.values().len()];
    for node in graph.nodes() {
        if computes_channels_last(graph, node, &last) {
            last[node.outputs[0].index()] = true;
        }
    }
    last
}

fn computes_channels_last(graph: &Graph, node: &Node, last: &[bool]) -> bool {
    let ty = |id: ValueId| &graph.value(id).ty;
    let is_last = |id: ValueId| last[id.index()];
    let first = |index: usize| node.inputs.get(index).copied().flatten();
    let (Some(x), Some(_)) = (first(0), Image::of(ty(node.outputs[0]))) else { return false };
    let (op, anchor_inputs) = match &node.op {
        Op::Fused(fused) => (&*fused.anchor, fused.anchor_inputs),
        op => (op, node.inputs.len()),
    };
    // Weights and bias are packed ahead.
    let packable = || {
        let weights = node.inputs[..anchor_inputs].iter().skip(1).flatten();
        Image::of(ty(x)).is_some()
            && weights.into_iter().all(|id| graph.value(*id).constant().is_some())
    };
    match op {
        Op::Conv(_) => packable(),
        Op::ConvTranspose(conv) => {
            let window = &conv.window;
            conv.groups == 1
                && window.dilations.iter().all(|dilation| *dilation == 1)
                && window
                    .kernel
                    .iter()
                    .zip(&window.strides)
                    .all(|(kernel, stride)| kernel >= stride)
                && packable()
        }
        Op::MaxPool(pool) => is_last(x) && !pool.indices,
        Op::AveragePool(_) | Op::LocalResponseNormalization(_) => is_last(x),
        Op::GlobalPool(pool) => is_last(x) && !matches!(pool, GlobalPool::Lp { .. }),
        Op::Concat(concat) => {
            let rank = ty(x).shape.len();
            let channels = concat.axis == 1 && rank > 1;
            channels && node.inputs.iter().flatten().all(|id| is_last(*id))
        }
        _ => {
            let Some(written) = elementwise::write(graph, node) else { return false };
            let out = ty(node.outputs[0]);
            let full = |id: &ValueId| ty(*id).shape == out.shape;
            written.inputs.iter().any(|id| is_last(*id) && full(id))
                && written.inputs.iter().all(|id| full(id) || per_channel(out, ty(*id)).is_some())
        }
    }
}

/// How an operand that is smaller than the images meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PerChannel {
    /// One number for all.
    Scalar,
    /// One number for each channel.
    Channels,
    /// One number for each channel of each image.
    ImageChannels,
}

/// How an operand of this type meets images, if it is the same for all pixels.
pub(crate) fn per_channel(images: &TensorType, operand: &TensorType) -> Option<PerChannel> {
    let image = Image::of(images)?;
    if operand.dtype != DType::F32 || operand.shape.len() > images.shape.len() {
        return None;
    }
    // The operand's sizes, from the images' first dimension on.
    let missing = images.shape.len() - operand.shape.len();
    let size = |axis: usize| if axis < missing { 1 } else { operand.shape[axis - missing] };
    if (2..images.shape.len()).any(|axis| size(axis) != 1) {
        return None;
    }
    match (size(0), size(1)) {
        (1, 1) => Some(PerChannel::Scalar),
        (1, channels) if channels == image.channels => Some(PerChannel::Channels),
        (batch, channels) if batch == image.batch && channels == image.channels => {
            Some(PerChannel::ImageChannels)
        }
        _ => None,
    }
}
