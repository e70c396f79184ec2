//! A small one-dimensional U-Net on a waveform, as streaming speech enhancement uses them (Stoller et al., 2018;
//! Défossez et al., 2020).

use super::catalogue::Assembly;
use crate::dtype::DType;
use crate::graph::{GraphError, ValueId};
use crate::op::slicing::Concat;
use crate::op::window::Window;

/// Samples of the waveform: 256 ms at 16 kHz.
const SAMPLES: usize = 4096;

/// Channels after each halving of the rate.
const CHANNELS: [usize; 4] = [16, 32, 64, 128];

/// Samples that a halving or doubling sees.
const KERNEL: usize = 8;

pub(super) fn assemble(assembly: &mut Assembly) -> Result<(), GraphError> {
    let mut x = assembly.builder.input("noisy", DType::F32, [assembly.batch, 1, SAMPLES]);
    let mut skipped = Vec::new();
    for (level, channels) in CHANNELS.into_iter().enumerate() {
        skipped.push(x);
        let window = Window::new([KERNEL]).with_strides([2]).with_padding([KERNEL / 2 - 1]);
        x = conv(assembly, &format!("down{level}"), x, channels, window)?;
        x = assembly.builder.relu(x)?;
    }
    for layer in 0..2 {
        let window = Window::new([3]).with_padding([1]);
        let branch = conv(assembly, &format!("middle{layer}"), x, CHANNELS[3], window)?;
        let branch = assembly.builder.relu(branch)?;
        x = assembly.builder.add(x, branch)?;
    }
    for level in (0..CHANNELS.len()).rev() {
        let skip = skipped.pop().expect("there is one for each level");
        let channels = assembly.builder.ty(skip).shape[1];
        x = conv_transpose(assembly, &format!("up{level}"), x, channels)?;
        if level > 0 {
            x = assembly.builder.relu(x)?;
        }
        x = assembly.builder.apply(Concat { axis: 1 }, &[x, skip])?;
        let window = Window::new([3]).with_padding([1]);
        x = conv(assembly, &format!("join{level}"), x, channels, window)?;
        if level > 0 {
            x = assembly.builder.relu(x)?;
        }
    }
    assembly.builder.output(x, "clean")?;
    Ok(())
}

fn conv(
    assembly: &mut Assembly,
    name: &str,
    x: ValueId,
    filters: usize,
    window: Window,
) -> Result<ValueId, GraphError> {
    let channels = assembly.builder.ty(x).shape[1];
    let kernel = window.kernel[0];
    let weight = assembly.weights.he(&[filters, channels, kernel], channels * kernel);
    let [weight, bias] = parameters(assembly, name, weight, filters);
    assembly.builder.conv(x, weight, Some(bias), window, 1)
}

/// Twice the rate.
fn conv_transpose(
    assembly: &mut Assembly,
    name: &str,
    x: ValueId,
    filters: usize,
) -> Result<ValueId, GraphError> {
    let channels = assembly.builder.ty(x).shape[1];
    // At a stride of 2, each output sample sees half of the kernel.
    let weight = assembly.weights.he(&[channels, filters, KERNEL], channels * KERNEL / 2);
    let [weight, bias] = parameters(assembly, name, weight, filters);
    let window = Window::new([KERNEL]).with_strides([2]).with_padding([KERNEL / 2 - 1]);
    assembly.builder.conv_transpose(x, weight, Some(bias), window, 1)
}

fn parameters(
    assembly: &mut Assembly,
    name: &str,
    weight: crate::tensor::Tensor,
    filters: usize,
) -> [ValueId; 2] {
    let bias = assembly.weights.normal(&[filters], 0.0, 0.1);
    let weight = assembly.builder.constant(format!("{name}.weight"), weight);
    [weight, assembly.builder.constant(format!("{name}.bias"), bias)]
}
