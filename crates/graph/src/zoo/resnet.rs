//! ResNet-18 (He et al., 2016).

use super::catalogue::Assembly;
use super::layers::Conv;
use crate::dtype::DType;
use crate::graph::{GraphError, ValueId};
use crate::op::window::Window;

const EPSILON: f32 = 1e-5;
const CLASSES: usize = 1000;

/// Channels and stride of each stage of two blocks.
const STAGES: [(usize, usize); 4] = [(64, 1), (128, 2), (256, 2), (512, 2)];

pub(super) fn assemble(assembly: &mut Assembly) -> Result<(), GraphError> {
    let image = assembly.builder.input("image", DType::F32, [assembly.batch, 3, 224, 224]);
    let mut x = assembly.conv_norm("stem", image, Conv::new(64, 7).with_stride(2), EPSILON, 1.0)?;
    x = assembly.builder.relu(x)?;
    let window = Window::new([3, 3]).with_strides([2, 2]).with_padding([1, 1]);
    x = assembly.builder.max_pool(x, window)?;
    for (stage, (channels, stride)) in STAGES.into_iter().enumerate() {
        for (block, stride) in [stride, 1].into_iter().enumerate() {
            x = basic_block(assembly, &format!("stage{stage}.block{block}"), x, channels, stride)?;
        }
    }
    let features = assembly.pooled(x)?;
    let logits = assembly.linear("classifier", features, CLASSES)?;
    assembly.builder.output(logits, "logits")?;
    Ok(())
}

/// Two convolutions of 3 × 3 and a way around them.
fn basic_block(
    assembly: &mut Assembly,
    name: &str,
    x: ValueId,
    channels: usize,
    stride: usize,
) -> Result<ValueId, GraphError> {
    let first = Conv::new(channels, 3).with_stride(stride);
    let branch = assembly.conv_norm(&format!("{name}.conv0"), x, first, EPSILON, 1.0)?;
    let branch = assembly.builder.relu(branch)?;
    let second = Conv::new(channels, 3);
    let branch = assembly.conv_norm(&format!("{name}.conv1"), branch, second, EPSILON, 0.5)?;
    let around = if assembly.builder.ty(x) == assembly.builder.ty(branch) {
        x
    } else {
        let conv = Conv::new(channels, 1).with_stride(stride);
        assembly.conv_norm(&format!("{name}.around"), x, conv, EPSILON, 1.0)?
    };
    let sum = assembly.builder.add(branch, around)?;
    assembly.builder.relu(sum)
}
