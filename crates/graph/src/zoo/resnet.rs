//! ResNet-18 (He et al., 2016).

use super::catalogue::Assembly;
use super::layers::Conv;
use super::signal::Signal;
use crate::graph::GraphError;
use crate::op::elementwise::Unary;
use crate::op::window::Window;

const EPSILON: f32 = 1e-5;
const CLASSES: usize = 1000;

/// Channels and stride of each stage of two blocks.
const STAGES: [(usize, usize); 4] = [(64, 1), (128, 2), (256, 2), (512, 2)];

pub(super) fn assemble(assembly: &mut Assembly) -> Result<(), GraphError> {
    let image = assembly.image();
    let mut x =
        assembly.conv_norm("stem", &image, Conv::new(64, 7).with_stride(2), EPSILON, 1.0)?;
    let active = assembly.builder.relu(x.value)?;
    let window = Window::new([3, 3]).with_strides([2, 2]).with_padding([1, 1]);
    let pooled = assembly.builder.max_pool(active, window)?;
    // The largest of rectified numbers is the largest, rectified.
    x = x.largest_of_nine().after(pooled, Unary::Relu);
    for (stage, (channels, stride)) in STAGES.into_iter().enumerate() {
        for (block, stride) in [stride, 1].into_iter().enumerate() {
            x = basic_block(assembly, &format!("stage{stage}.block{block}"), &x, channels, stride)?;
        }
    }
    let features = assembly.pooled(&x)?;
    let logits = assembly.centred_linear("classifier", &features, CLASSES)?;
    assembly.builder.output(logits.value, "logits")?;
    Ok(())
}

/// Two convolutions of 3 × 3 and a way around them.
fn basic_block(
    assembly: &mut Assembly,
    name: &str,
    x: &Signal,
    channels: usize,
    stride: usize,
) -> Result<Signal, GraphError> {
    let first = Conv::new(channels, 3).with_stride(stride);
    let branch = assembly.conv_norm(&format!("{name}.conv0"), x, first, EPSILON, 1.0)?;
    let branch = assembly.activate(&branch, Unary::Relu)?;
    let second = Conv::new(channels, 3);
    let branch = assembly.conv_norm(&format!("{name}.conv1"), &branch, second, EPSILON, 0.5)?;
    let around = if assembly.builder.ty(x.value) == assembly.builder.ty(branch.value) {
        x.clone()
    } else {
        let conv = Conv::new(channels, 1).with_stride(stride);
        assembly.conv_norm(&format!("{name}.around"), x, conv, EPSILON, 1.0)?
    };
    let sum = assembly.builder.add(branch.value, around.value)?;
    assembly.activate(&branch.plus(sum, &around), Unary::Relu)
}
