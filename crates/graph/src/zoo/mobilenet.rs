//! MobileNetV3-Small (Howard et al., 2019).

use super::catalogue::Assembly;
use super::layers::Conv;
use super::layers::numbers;
use super::signal::Signal;
use crate::graph::{GraphError, ValueId};
use crate::op::elementwise::Unary;
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
    let image = assembly.image();
    let stem = Conv::new(16, 3).with_stride(2);
    let mut x = assembly.conv_norm("stem", &image, stem, EPSILON, 1.0)?;
    x = assembly.activate(&x, Unary::HardSwish)?;
    for (index, bottleneck) in BOTTLENECKS.iter().enumerate() {
        x = inverted_residual(assembly, &format!("block{index}"), &x, bottleneck)?;
    }
    x = assembly.conv_norm("last", &x, Conv::new(576, 1), EPSILON, 1.0)?;
    x = assembly.activate(&x, Unary::HardSwish)?;
    let features = assembly.pooled(&x)?;
    let hidden = assembly.centred_linear("hidden", &features, 1024)?;
    let hidden = assembly.activate(&hidden, Unary::HardSwish)?;
    let logits = assembly.centred_linear("classifier", &hidden, CLASSES)?;
    assembly.builder.output(logits.value, "logits")?;
    Ok(())
}

/// Expansion, depthwise convolution, squeeze and excitation, projection; and a way around where shapes allow it.
fn inverted_residual(
    assembly: &mut Assembly,
    name: &str,
    x: &Signal,
    block: &Bottleneck,
) -> Result<Signal, GraphError> {
    let function = if block.hard_swish { Unary::HardSwish } else { Unary::Relu };
    let mut branch = x.clone();
    if x.mean.len() != block.expanded {
        let expand = Conv::new(block.expanded, 1);
        branch = assembly.conv_norm(&format!("{name}.expand"), &branch, expand, EPSILON, 1.0)?;
        branch = assembly.activate(&branch, function)?;
    }
    let depthwise = Conv::new(block.expanded, block.kernel).with_stride(block.stride).depthwise();
    branch = assembly.conv_norm(&format!("{name}.depthwise"), &branch, depthwise, EPSILON, 1.0)?;
    branch = assembly.activate(&branch, function)?;
    if block.squeeze {
        branch = squeeze_and_excite(assembly, &format!("{name}.squeeze"), &branch)?;
    }
    let project = Conv::new(block.channels, 1);
    branch = assembly.conv_norm(&format!("{name}.project"), &branch, project, EPSILON, 1.0)?;
    if assembly.builder.ty(branch.value) == assembly.builder.ty(x.value) {
        let sum = assembly.builder.add(branch.value, x.value)?;
        branch = branch.plus(sum, x);
    }
    Ok(branch)
}

/// Each channel times a weight between 0 and 1 that all channels' means decide (Hu et al., 2018).
fn squeeze_and_excite(
    assembly: &mut Assembly,
    name: &str,
    x: &Signal,
) -> Result<Signal, GraphError> {
    let channels = x.mean.len();
    let means = assembly.builder.global_average_pool(x.value)?;
    let (squeezed, squeezed_mean) =
        pointwise(assembly, &format!("{name}.reduce"), (means, &x.mean), squeezed(channels))?;
    let squeezed = assembly.builder.relu(squeezed)?;
    let squeezed_mean: Vec<f64> = squeezed_mean.into_iter().map(|mean| mean.max(0.0)).collect();
    let expand = format!("{name}.expand");
    let (excited, excited_mean) =
        pointwise(assembly, &expand, (squeezed, &squeezed_mean), channels)?;
    let factors = assembly.builder.hard_sigmoid(excited)?;
    let value = assembly.builder.mul(x.value, factors)?;
    Ok(x.scaled(value, excited_mean.iter().map(|mean| (mean / 6.0 + 0.5).clamp(0.0, 1.0))))
}

/// A quarter of the channels, rounded to a multiple of 8, but not down by more than a tenth.
fn squeezed(channels: usize) -> usize {
    let quarter = channels / 4;
    let rounded = ((quarter + 4) / 8 * 8).max(8);
    if rounded * 10 < quarter * 9 { rounded + 8 } else { rounded }
}

/// A convolution of 1 × 1 with bias, and the means of its results from those of its input.
fn pointwise(
    assembly: &mut Assembly,
    name: &str,
    (x, means): (ValueId, &[f64]),
    filters: usize,
) -> Result<(ValueId, Vec<f64>), GraphError> {
    let channels = means.len();
    let weight = assembly.weights.he(&[filters, channels, 1, 1], channels);
    let bias = assembly.weights.normal(&[filters], 0.0, 0.1);
    let weights: Vec<f64> = numbers(&weight).collect();
    let sums = weights.chunks_exact(channels).zip(numbers(&bias)).map(|(weights, bias)| {
        bias + weights.iter().zip(means).map(|(weight, mean)| weight * mean).sum::<f64>()
    });
    let sums = sums.collect();
    let weight = assembly.builder.constant(format!("{name}.weight"), weight);
    let bias = assembly.builder.constant(format!("{name}.bias"), bias);
    let value = assembly.builder.conv(x, weight, Some(bias), Window::new([1, 1]), 1)?;
    Ok((value, sums))
}
