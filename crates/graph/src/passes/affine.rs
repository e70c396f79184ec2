//! Factors and summands for each channel go into the weights and the bias of the convolution or matrix product
//! before them.

use super::folding::check_numbers;
use super::rewriter::Rewriter;
use super::{PassError, PassOptions};
use crate::graph::ValueId;
use crate::op::Op;
use crate::op::elementwise::Binary;
use crate::op::linear::Gemm;
use crate::shape::element_count;
use crate::tensor::Tensor;

/// `x · factor + summand`, of which one changes nothing.
enum Step {
    Factor(Vec<f32>),
    Summand(Vec<f32>),
}

pub(super) fn rewrite(
    rewriter: &mut Rewriter,
    node: usize,
    options: &PassOptions<'_>,
) -> Result<bool, PassError> {
    let Some((before, step)) = find(rewriter, node) else { return Ok(false) };
    let (name, output) = (rewriter.node(node).name.clone(), rewriter.output(node));
    let Some((op, weights, bias)) = absorbed(rewriter, before, &step) else { return Ok(false) };
    let anchor = rewriter.node(before).clone();
    let stem = |rewriter: &Rewriter, index: usize, part: &str| match rewriter.input(before, index) {
        Some(id) => rewriter.name(id).to_owned(),
        None => format!("{}.{part}", anchor.name),
    };
    let names = [stem(rewriter, 1, "weight"), stem(rewriter, 2, "bias")];
    let sources: Vec<_> =
        anchor.inputs.iter().flatten().filter_map(|id| rewriter.constant(*id)).collect();
    for tensor in [&weights, &bias].into_iter().flatten() {
        check_numbers(&name, tensor, &sources, options)?;
    }
    let [weight_name, bias_name] = names;
    let mut inputs = anchor.inputs.clone();
    inputs.resize(inputs.len().max(2 + usize::from(bias.is_some())), None);
    if let Some(weights) = weights {
        inputs[1] = Some(rewriter.add_constant(weight_name, weights));
    }
    if let Some(bias) = bias {
        inputs[2] = Some(rewriter.add_constant(bias_name, bias));
    }
    let new = rewriter.add(anchor.name, op, &inputs)?;
    rewriter.replace(output, new)
}

/// The convolution or product before, and what is done to each of its channels.
fn find(rewriter: &Rewriter, node: usize) -> Option<(usize, Step)> {
    let Op::Binary(op) = rewriter.node(node).op else { return None };
    let output = rewriter.output(node);
    let (a, b) = (rewriter.input(node, 0)?, rewriter.input(node, 1)?);
    let either = matches!(op, Binary::Add | Binary::Mul);
    let pairs = [(a, b), (b, a)];
    pairs.into_iter().take(1 + usize::from(either)).find_map(|(x, constant)| {
        let before = rewriter.only_for(x)?;
        let shape = rewriter.shape(x);
        if shape != rewriter.shape(output) {
            return None;
        }
        let axis = match rewriter.node(before).op {
            Op::Conv(_) | Op::ConvTranspose(_) => 1,
            Op::Gemm(_) | Op::MatMul(_) => shape.len().checked_sub(1)?,
            _ => return None,
        };
        let numbers = rewriter.per_channel(constant, shape, axis)?;
        let step = match op {
            Binary::Add => Step::Summand(numbers),
            Binary::Sub => Step::Summand(numbers.iter().map(|number| -number).collect()),
            Binary::Mul => Step::Factor(numbers),
            _ => return None,
        };
        Some((before, step))
    })
}

/// The operator with its new weights and its new bias, where these change.
type Absorbed = (Op, Option<Tensor>, Option<Tensor>);

fn absorbed(rewriter: &Rewriter, node: usize, step: &Step) -> Option<Absorbed> {
    let found = rewriter.node(node);
    let bias = match rewriter.input(node, 2) {
        Some(id) => Some((id, rewriter.numbers(id)?)),
        None => None,
    };
    match &found.op {
        Op::Conv(_) | Op::ConvTranspose(_) => {
            let groups = match &found.op {
                Op::ConvTranspose(op) => Some(op.groups),
                _ => None,
            };
            let bias = bias.map(|(_, numbers)| numbers);
            let (weights, bias) = match step {
                Step::Summand(summand) => (None, Some(add(bias, summand))),
                Step::Factor(factor) => {
                    let mut weights = rewriter.constant(rewriter.input(node, 1)?)?.clone();
                    scale_filters(&mut weights, groups, factor)?;
                    (Some(weights), bias.map(|bias| multiply(bias, factor)))
                }
            };
            let bias = match bias {
                Some(bias) => Some(Tensor::new(&[bias.len()], &bias).ok()?),
                None => None,
            };
            Some((found.op.clone(), weights, bias))
        }
        Op::MatMul(_) => match step {
            Step::Summand(summand) => {
                let matrices = rewriter.ty(found.inputs[0]?).rank() == 2
                    && rewriter.ty(found.inputs[1]?).rank() == 2;
                let gemm = Gemm { alpha: 1.0, beta: 1.0, transpose_a: false, transpose_b: false };
                matrices.then(|| Some((gemm.into(), None, Some(vector(summand)?)))).flatten()
            }
            Step::Factor(factor) => {
                Some((found.op.clone(), Some(scaled_columns(rewriter, node, false, factor)?), None))
            }
        },
        Op::Gemm(op) => absorbed_by_gemm(rewriter, node, *op, bias.map(|(id, _)| id), step),
        _ => None,
    }
}

fn absorbed_by_gemm(
    rewriter: &Rewriter,
    node: usize,
    op: Gemm,
    bias: Option<ValueId>,
    step: &Step,
) -> Option<Absorbed> {
    let output = rewriter.shape(rewriter.output(node));
    let bias = match bias {
        Some(id) => Some(rewriter.per_channel(id, output, 1)?),
        None => None,
    };
    let scaled = bias.map(|bias| multiply(&bias, &vec![op.beta; output[1]]));
    let op = Gemm { beta: 1.0, ..op };
    match step {
        Step::Summand(summand) => {
            Some((op.into(), None, Some(vector(&add(scaled.as_deref(), summand))?)))
        }
        Step::Factor(factor) => {
            let weights = scaled_columns(rewriter, node, op.transpose_b, factor)?;
            let bias = match scaled {
                Some(bias) => Some(vector(&multiply(&bias, factor))?),
                None => None,
            };
            Some((op.into(), Some(weights), bias))
        }
    }
}

fn vector(numbers: &[f32]) -> Option<Tensor> {
    Tensor::new(&[numbers.len()], numbers).ok()
}

fn add(bias: Option<&[f32]>, summand: &[f32]) -> Vec<f32> {
    match bias {
        Some(bias) => bias.iter().zip(summand).map(|(bias, summand)| bias + summand).collect(),
        None => summand.to_vec(),
    }
}

fn multiply(numbers: &[f32], factors: &[f32]) -> Vec<f32> {
    numbers.iter().zip(factors).map(|(number, factor)| number * factor).collect()
}

/// Weights `[M, …]`, or `[C, M / groups, K…]` of a transposed convolution, each filter times its factor.
fn scale_filters(weights: &mut Tensor, groups: Option<usize>, factor: &[f32]) -> Option<()> {
    let shape = weights.shape().to_vec();
    let outer = 1 + usize::from(groups.is_some());
    let taps = element_count(&shape[outer..]).ok()?.max(1);
    let kernels = weights.as_mut_slice::<f32>().ok()?.chunks_exact_mut(taps);
    for (place, kernel) in kernels.enumerate() {
        let factor = factor[match groups {
            None => place,
            Some(groups) => {
                let (channel, filter) = (place / shape[1], place % shape[1]);
                channel / (shape[0] / groups) * shape[1] + filter
            }
        }];
        kernel.iter_mut().for_each(|weight| *weight *= factor);
    }
    Some(())
}

/// The second matrix of a product, each column of the result times its factor.
fn scaled_columns(
    rewriter: &Rewriter,
    node: usize,
    transposed: bool,
    factor: &[f32],
) -> Option<Tensor> {
    let mut weights = rewriter.constant(rewriter.input(node, 1)?)?.clone();
    let shape = weights.shape().to_vec();
    let numbers = weights.as_mut_slice::<f32>().ok()?;
    match shape[..] {
        [_, depth] if transposed => {
            for (row, factor) in numbers.chunks_exact_mut(depth.max(1)).zip(factor) {
                row.iter_mut().for_each(|weight| *weight *= factor);
            }
        }
        [.., _, columns] => {
            for row in numbers.chunks_exact_mut(columns.max(1)) {
                row.iter_mut().zip(factor).for_each(|(weight, factor)| *weight *= factor);
            }
        }
        _ => return None,
    }
    Some(weights)
}
