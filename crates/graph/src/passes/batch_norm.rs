//! Batch normalisation by known statistics becomes `x · scale + shift`, one of each for every channel, which go on
//! into the operator before or into a fused one.

use super::folding::check_numbers;
use super::rewriter::Rewriter;
use super::{PassError, PassOptions};
use crate::dtype::DType;
use crate::op::Op;
use crate::op::elementwise::Binary;
use crate::tensor::Tensor;

pub(super) fn rewrite(
    rewriter: &mut Rewriter,
    node: usize,
    options: &PassOptions<'_>,
) -> Result<bool, PassError> {
    let Some([scale, shift]) = factors(rewriter, node) else { return Ok(false) };
    let found = rewriter.node(node);
    let (name, output, x) = (found.name.clone(), found.outputs[0], found.inputs[0]);
    let parameters: Vec<_> =
        found.inputs[1..].iter().flatten().filter_map(|id| rewriter.constant(*id)).collect();
    let mut shape = vec![1; rewriter.ty(output).rank().saturating_sub(1).max(1)];
    shape[0] = scale.len();
    let scale = Tensor::new(&shape, &scale)?;
    let shift = Tensor::new(&shape, &shift)?;
    check_numbers(&name, &scale, &parameters, options)?;
    check_numbers(&name, &shift, &parameters, options)?;
    let scale = rewriter.add_constant(format!("{name}.scale"), scale);
    let shift = rewriter.add_constant(format!("{name}.shift"), shift);
    let scaled = rewriter.add(format!("{name}/scale"), Binary::Mul, &[x, Some(scale)])?;
    let shifted = rewriter.apply(name, Binary::Add, &[scaled, shift])?;
    rewriter.replace(output, shifted)
}

/// The factors and the summands of all channels. They are computed in f64: a mean that is large against the
/// deviation must not cost digits.
fn factors(rewriter: &Rewriter, node: usize) -> Option<[Vec<f32>; 2]> {
    let found = rewriter.node(node);
    let Op::BatchNormalization(op) = &found.op else { return None };
    if op.training || rewriter.ty(found.outputs[0]).dtype != DType::F32 {
        return None;
    }
    let parameter = |index: usize| rewriter.numbers(rewriter.input(node, index)?);
    let (scale, bias, mean, variance) =
        (parameter(1)?, parameter(2)?, parameter(3)?, parameter(4)?);
    let factor = |channel: usize| {
        let deviation = (f64::from(variance[channel]) + f64::from(op.epsilon)).sqrt();
        f64::from(scale[channel]) / deviation
    };
    let summand =
        |channel: usize| f64::from(bias[channel]) - f64::from(mean[channel]) * factor(channel);
    let channels = 0..scale.len();
    Some([
        channels.clone().map(|channel| factor(channel) as f32).collect(),
        channels.map(|channel| summand(channel) as f32).collect(),
    ])
}
