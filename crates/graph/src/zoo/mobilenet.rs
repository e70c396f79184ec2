//! MobileNetV3-Small (Howard et al., 2019).

use super::catalogue::Assembly;
use super::layers::Conv;
use crate::dtype::DType;
use crate::graph::{GraphError, ValueId};
use crate::op::window::Window;

const EPSILON: f32 = 1e-3;
const CLASSES: usize = 1000;

/// One row of the paper's Table 2.
struct Bottleneck {
    kernel: usize,
    expanded: usize,
    channels: usize,
    squeeze: bool,
    hard_swish: bool,
    stride: usize,
}

const fn row(
    kernel: usize,
    expanded: usize,
    channels: usize,
    squeeze: bool,
    hard_swish: bool,
    stride: usize,
) -> Bottleneck {
    Bottleneck { kernel, expanded, channels, squeeze, hard_swish, stride }
}

const BOTTLENECKS: [Bottleneck; 11] = [
    row(3, 16, 16, true, false, 2),
    row(3, 72, 24, false, false, 2),
    row(3, 88, 24, false, false, 1),
    row(5, 96, 40, true, true, 2),
    row(5, 240, 40, true, true, 1),
    row(5, 240, 40, true, true, 1),
    row(5, 120, 48, true, true, 1),
    row(5, 144, 48, true, true, 1),
    row(5, 288, 96, true, true, 2),
    row(5, 576, 96, true, true, 1),
    row(5, 576, 96, true, true, 1),
];

pub(super) fn assemble(assembly: &mut Assembly) -> Result<(), GraphError> {
    let image = assembly.builder.input("image", DType::F32, [assembly.batch, 3, 224, 224]);
    let stem = Conv::new(16, 3).with_stride(2);
    let mut x = assembly.conv_norm("stem", image, stem, EPSILON, 1.0)?;
    x = assembly.builder.hard_swish(x)?;
    for (index, bottleneck) in BOTTLENECKS.iter().enumerate() {
        x = inverted_residual(assembly, &format!("block{index}"), x, bottleneck)?;
    }
    x = assembly.conv_norm("last", x, Conv::new(576, 1), EPSILON, 1.0)?;
    x = assembly.builder.hard_swish(x)?;
    let features = assembly.pooled(x)?;
    let hidden = assembly.linear("hidden", features, 1024)?;
    let hidden = assembly.builder.hard_swish(hidden)?;
    let logits = assembly.linear("classifier", hidden, CLASSES)?;
    assembly.builder.output(logits, "logits")?;
    Ok(())
}

/// Expansion, depthwise convolution, squeeze and excitation, projection; and a way around where shapes allow it.
fn inverted_residual(
    assembly: &mut Assembly,
    name: &str,
    x: ValueId,
    block: &Bottleneck,
) -> Result<ValueId, GraphError> {
    let activate = |assembly: &mut Assembly, x: ValueId| match block.hard_swish {
        true => assembly.builder.hard_swish(x),
        false => assembly.builder.relu(x),
    };
    let mut branch = x;
    if assembly.builder.ty(x).shape[1] != block.expanded {
        let expand = Conv::new(block.expanded, 1);
        branch = assembly.conv_norm(&format!("{name}.expand"), branch, expand, EPSILON, 1.0)?;
        branch = activate(assembly, branch)?;
    }
    let depthwise = Conv::new(block.expanded, block.kernel).with_stride(block.stride).depthwise();
    branch = assembly.conv_norm(&format!("{name}.depthwise"), branch, depthwise, EPSILON, 1.0)?;
    branch = activate(assembly, branch)?;
    if block.squeeze {
        branch = squeeze_and_excite(assembly, &format!("{name}.squeeze"), branch)?;
    }
    let project = Conv::new(block.channels, 1);
    branch = assembly.conv_norm(&format!("{name}.project"), branch, project, EPSILON, 1.0)?;
    if assembly.builder.ty(branch) == assembly.builder.ty(x) {
        branch = assembly.builder.add(branch, x)?;
    }
    Ok(branch)
}

/// Each channel times a weight between 0 and 1 that all channels' means decide (Hu et al., 2018).
fn squeeze_and_excite(
    assembly: &mut Assembly,
    name: &str,
    x: ValueId,
) -> Result<ValueId, GraphError> {
    let channels = assembly.builder.ty(x).shape[1];
    let means = assembly.builder.global_average_pool(x)?;
    let squeezed = pointwise(assembly, &format!("{name}.reduce"), means, squeezed(channels))?;
    let squeezed = assembly.builder.relu(squeezed)?;
    let excited = pointwise(assembly, &format!("{name}.expand"), squeezed, channels)?;
    let factors = assembly.builder.hard_sigmoid(excited)?;
    assembly.builder.mul(x, factors)
}

/// A quarter of the channels, rounded to a multiple of 8, but not down by more than a tenth.
fn squeezed(channels: usize) -> usize {
    let quarter = channels / 4;
    let rounded = ((quarter + 4) / 8 * 8).max(8);
    if rounded * 10 < quarter * 9 { rounded + 8 } else { rounded }
}

/// A convolution of 1 × 1 with bias.
fn pointwise(
    assembly: &mut Assembly,
    name: &str,
    x: ValueId,
    filters: usize,
) -> Result<ValueId, GraphError> {
    let channels = assembly.builder.ty(x).shape[1];
    let weight = assembly.weights.he(&[filters, channels, 1, 1], channels);
    let weight = assembly.builder.constant(format!("{name}.weight"), weight);
    let bias = assembly.weights.normal(&[filters], 0.0, 0.1);
    let bias = assembly.builder.constant(format!("{name}.bias"), bias);
    assembly.builder.conv(x, weight, Some(bias), Window::new([1, 1]), 1)
}
