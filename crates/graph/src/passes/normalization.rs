//! Normalisation from the formulas that exporters write for it: LayerNorm, RMSNorm and GroupNorm. A scale and a
//! bias that follow become theirs.

use super::PassError;
use super::rewriter::Rewriter;
use crate::dtype::DType;
use crate::graph::ValueId;
use crate::op::Op;
use crate::op::elementwise::Binary;
use crate::op::normalization::{GroupNormalization, LayerNormalization, RmsNormalization};
use crate::tensor::Tensor;

pub(super) fn rewrite(rewriter: &mut Rewriter, node: usize) -> Result<bool, PassError> {
    let output = rewriter.output(node);
    if rewriter.ty(output).dtype != DType::F32 {
        return Ok(false);
    }
    let name = rewriter.node(node).name.clone();
    if let Some(found) = normalized(rewriter, output) {
        let shape = rewriter.shape(found.x)[found.axis..].to_vec();
        let ones = vec![1f32; shape.iter().product()];
        let scale = rewriter.add_constant(format!("{name}.scale"), Tensor::new(&shape, &ones)?);
        let new = rewriter.apply(name, found.op(), &[found.x, scale])?;
        return rewriter.replace(output, new);
    }
    if let Some((op, x, [scale, bias])) = grouped(rewriter, node) {
        let scale = rewriter.add_constant(format!("{name}.scale"), vector(&scale)?);
        let bias = rewriter.add_constant(format!("{name}.bias"), vector(&bias)?);
        let new = rewriter.apply(name, op, &[x, scale, bias])?;
        return rewriter.replace(output, new);
    }
    let Some((before, parameters)) = followed(rewriter, node) else { return Ok(false) };
    let found = rewriter.node(before);
    let (op, before_name) = (found.op.clone(), found.name.clone());
    let mut inputs = vec![found.inputs[0]];
    for (part, tensor) in ["scale", "bias"].into_iter().zip(parameters) {
        inputs.push(Some(rewriter.add_constant(format!("{before_name}.{part}"), tensor)));
    }
    let new = rewriter.add(before_name, op, &inputs)?;
    rewriter.replace(output, new)
}

fn vector(numbers: &[f32]) -> Result<Tensor, PassError> {
    Ok(Tensor::new(&[numbers.len()], numbers)?)
}

/// x over its deviation or its root mean square, over the dimensions from an axis on.
struct Normalized {
    x: ValueId,
    axis: usize,
    epsilon: f32,
    centred: bool,
}

impl Normalized {
    fn op(&self) -> Op {
        let &Normalized { axis, epsilon, centred, .. } = self;
        if centred {
            let statistics_dtype = DType::F32;
            LayerNormalization { axis, epsilon, statistics: false, statistics_dtype }.into()
        } else {
            RmsNormalization { axis, epsilon }.into()
        }
    }
}

fn normalized(rewriter: &Rewriter, output: ValueId) -> Option<Normalized> {
    let (dividend, variance) = divided_by_root(rewriter, output)?;
    let (mean, epsilon) = rewriter.plus_number(variance)?;
    let (squares, axis) = rewriter.trailing_mean(mean)?;
    let base = rewriter.squared(squares)?;
    let epsilon = epsilon as f32;
    // The same difference may be written twice.
    let made_alike = || {
        let made = rewriter.made_by(base);
        made.is_some() && made == rewriter.made_by(dividend)
    };
    if base != dividend && !made_alike() {
        return None;
    }
    let centre = |value: ValueId| {
        let (x, mean) = rewriter.binary(value, Binary::Sub)?;
        (rewriter.trailing_mean(mean)? == (x, axis)).then_some(x)
    };
    match centre(dividend) {
        Some(x) => Some(Normalized { x, axis, epsilon, centred: true }),
        None if base == dividend => Some(Normalized { x: dividend, axis, epsilon, centred: false }),
        None => None,
    }
}

/// a and b of a/√b.
fn divided_by_root(rewriter: &Rewriter, value: ValueId) -> Option<(ValueId, ValueId)> {
    use crate::op::elementwise::Unary::Sqrt;
    if let Some((dividend, root)) = rewriter.binary(value, Binary::Div) {
        return Some((dividend, rewriter.argument(root, Sqrt)?));
    }
    let mut operands = rewriter.operands(value, Binary::Mul).into_iter();
    operands.find_map(|(dividend, inverse)| Some((dividend, rewriter.inverse_root(inverse)?)))
}

/// Reshape, instance normalisation of groups, and Reshape back: with scale and bias for each channel.
fn grouped(
    rewriter: &Rewriter,
    node: usize,
) -> Option<(GroupNormalization, ValueId, [Vec<f32>; 2])> {
    let Op::Reshape(_) = rewriter.node(node).op else { return None };
    let (Op::InstanceNormalization(op), inputs) = rewriter.made_by(rewriter.input(node, 0)?)?
    else {
        return None;
    };
    let [Some(groups), Some(scale), Some(bias)] = *inputs else { return None };
    let (Op::Reshape(_), [Some(x)]) = rewriter.made_by(groups)? else { return None };
    let shape = rewriter.shape(*x);
    let ([batch, count, ..], [outer, channels, _, ..]) = (rewriter.shape(groups), shape) else {
        return None;
    };
    let fits = batch == outer && *count > 0 && channels.is_multiple_of(*count);
    if !fits || shape != rewriter.shape(rewriter.output(node)) {
        return None;
    }
    let spread = |parameter: ValueId| {
        let numbers = rewriter.numbers(parameter)?.iter();
        Some(numbers.flat_map(|number| vec![*number; channels / count]).collect())
    };
    let op = GroupNormalization { epsilon: op.epsilon, groups: *count };
    Some((op, *x, [spread(scale)?, spread(bias)?]))
}

/// A normalisation before a factor or a summand, and its new scale and, if it then has one, its new bias.
fn followed(rewriter: &Rewriter, node: usize) -> Option<(usize, Vec<Tensor>)> {
    let Op::Binary(op @ (Binary::Mul | Binary::Add)) = rewriter.node(node).op else { return None };
    let output = rewriter.output(node);
    rewriter.operands(output, op).into_iter().find_map(|(x, constant)| {
        let before = rewriter.only_for(x)?;
        let shape = rewriter.shape(x);
        if shape != rewriter.shape(output) {
            return None;
        }
        let (scale, bias) = (rewriter.input(before, 1)?, rewriter.input(before, 2));
        // Without a bias, there is 0; RMSNorm cannot have any.
        let (numbers, can_have_bias, parameter_shape) = match &rewriter.node(before).op {
            Op::LayerNormalization(norm) if !norm.statistics => {
                let inner = &shape[norm.axis..];
                (spread(rewriter, constant, inner)?, true, inner.to_vec())
            }
            Op::RmsNormalization(norm) => {
                let inner = &shape[norm.axis..];
                (spread(rewriter, constant, inner)?, false, inner.to_vec())
            }
            Op::GroupNormalization(_) | Op::InstanceNormalization(_) => {
                (rewriter.per_channel(constant, shape, 1)?, true, vec![shape[1]])
            }
            _ => return None,
        };
        let old = |id: ValueId| spread(rewriter, id, &parameter_shape);
        let old_bias = match bias {
            Some(id) => Some(old(id)?),
            None => None,
        };
        let tensor = |numbers: Vec<f32>| Tensor::new(&parameter_shape, &numbers).ok();
        let combined = |numbers: Vec<f32>, others: &[f32], op: fn(f32, f32) -> f32| -> Vec<f32> {
            numbers.iter().zip(others).map(|(a, b)| op(*a, *b)).collect()
        };
        let parameters = match (op, old_bias) {
            (Binary::Mul, None) => {
                vec![tensor(combined(old(scale)?, &numbers, |a, b| a * b))?]
            }
            (Binary::Mul, Some(bias)) => vec![
                tensor(combined(old(scale)?, &numbers, |a, b| a * b))?,
                tensor(combined(bias, &numbers, |a, b| a * b))?,
            ],
            (_, bias) if can_have_bias => {
                let bias = bias.unwrap_or_else(|| vec![0.0; numbers.len()]);
                vec![tensor(old(scale)?)?, tensor(combined(bias, &numbers, |a, b| a + b))?]
            }
            _ => return None,
        };
        Some((before, parameters))
    })
}

/// A constant that broadcasts to a shape, or with leading dimensions of size 1 beyond it: all of its elements.
fn spread(rewriter: &Rewriter, value: ValueId, shape: &[usize]) -> Option<Vec<f32>> {
    let numbers = rewriter.numbers(value)?;
    let own = rewriter.shape(value);
    let beyond = own.len().saturating_sub(shape.len());
    let (leading, own) = own.split_at(beyond);
    let count: usize = shape.iter().product();
    match numbers {
        _ if leading.iter().any(|size| *size != 1) => None,
        [number] => Some(vec![*number; count]),
        _ if own == shape || shape.strip_suffix(own).is_some_and(is_ones) => Some(numbers.to_vec()),
        _ => None,
    }
}

fn is_ones(shape: &[usize]) -> bool {
    shape.iter().all(|size| *size == 1)
}
