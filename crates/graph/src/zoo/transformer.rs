//! One block of a transformer encoder, normalised first (Vaswani et al., 2017; Xiong et al., 2020).
//!
//! It is made of simple operators, as most exporters write it, so that every engine runs it.

use super::catalogue::Assembly;
use crate::dtype::DType;
use crate::graph::{GraphError, ValueId};
use crate::op::elementwise::Unary;
use crate::op::reduction::{Softmax, SoftmaxKind};
use crate::tensor::Tensor;

const TOKENS: usize = 128;
const WIDTH: usize = 256;
const HEADS: usize = 4;
const EPSILON: f32 = 1e-5;

pub(super) fn assemble(assembly: &mut Assembly) -> Result<(), GraphError> {
    let x = assembly.builder.input("tokens", DType::F32, [assembly.batch, TOKENS, WIDTH]);
    let normal = norm(assembly, "attention.norm", x)?;
    let branch = attention(assembly, normal)?;
    let x = assembly.builder.add(x, branch)?;
    let normal = norm(assembly, "feedforward.norm", x)?;
    let hidden = project(assembly, "feedforward.up", normal, 4 * WIDTH)?;
    let hidden = gelu(assembly, hidden)?;
    let branch = project(assembly, "feedforward.down", hidden, WIDTH)?;
    let x = assembly.builder.add(x, branch)?;
    assembly.builder.output(x, "output")?;
    Ok(())
}

fn attention(assembly: &mut Assembly, x: ValueId) -> Result<ValueId, GraphError> {
    let (batch, size) = (assembly.batch, WIDTH / HEADS);
    let mut heads = |name: &str, permutation: [usize; 4]| {
        let all = project(assembly, &format!("attention.{name}"), x, WIDTH)?;
        let split = assembly.builder.reshape(all, [batch, TOKENS, HEADS, size])?;
        assembly.builder.transpose(split, permutation)
    };
    let query = heads("query", [0, 2, 1, 3])?;
    let key = heads("key", [0, 2, 3, 1])?;
    let value = heads("value", [0, 2, 1, 3])?;
    let scores = assembly.builder.matmul(query, key)?;
    let scale = Tensor::scalar((size as f32).sqrt().recip());
    let scale = assembly.builder.constant("attention.scale", scale);
    let scores = assembly.builder.mul(scores, scale)?;
    let softmax = Softmax { kind: SoftmaxKind::Softmax, axis: 3 };
    let shares = assembly.builder.apply(softmax, &[scores])?;
    let mixed = assembly.builder.matmul(shares, value)?;
    let joined = assembly.builder.transpose(mixed, [0, 2, 1, 3])?;
    let joined = assembly.builder.reshape(joined, [batch, TOKENS, WIDTH])?;
    project(assembly, "attention.output", joined, WIDTH)
}

/// x · W + b along the last dimension.
fn project(
    assembly: &mut Assembly,
    name: &str,
    x: ValueId,
    width: usize,
) -> Result<ValueId, GraphError> {
    let size = assembly.builder.ty(x).shape[2];
    let weight = assembly.weights.normal(&[size, width], 0.0, (size as f32).sqrt().recip());
    let weight = assembly.builder.constant(format!("{name}.weight"), weight);
    let bias = assembly.weights.normal(&[width], 0.0, 0.1);
    let bias = assembly.builder.constant(format!("{name}.bias"), bias);
    let product = assembly.builder.matmul(x, weight)?;
    assembly.builder.add(product, bias)
}

fn norm(assembly: &mut Assembly, name: &str, x: ValueId) -> Result<ValueId, GraphError> {
    let scale = assembly.weights.normal(&[WIDTH], 1.0, 0.1);
    let scale = assembly.builder.constant(format!("{name}.scale"), scale);
    let bias = assembly.weights.normal(&[WIDTH], 0.0, 0.1);
    let bias = assembly.builder.constant(format!("{name}.bias"), bias);
    assembly.builder.layer_normalization(x, scale, bias, EPSILON)
}

/// x/2 · (1 + erf(x/√2)): `Gelu` itself is newer than some engines.
fn gelu(assembly: &mut Assembly, x: ValueId) -> Result<ValueId, GraphError> {
    let builder = &mut assembly.builder;
    let mut number = |name: &str, value: f32| {
        builder.constant(format!("feedforward.gelu.{name}"), Tensor::scalar(value))
    };
    let root = number("inverse_root", std::f32::consts::FRAC_1_SQRT_2);
    let (one, half) = (number("one", 1.0), number("half", 0.5));
    let scaled = builder.mul(x, root)?;
    let erf = builder.apply(Unary::Erf, &[scaled])?;
    let shifted = builder.add(erf, one)?;
    let halved = builder.mul(x, half)?;
    builder.mul(halved, shifted)
}
