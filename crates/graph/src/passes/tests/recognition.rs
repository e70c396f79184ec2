//! Operators recognised in the formulas that stand for them.

use super::*;
use crate::op::elementwise::{Binary, Clip, Unary};
use crate::op::normalization::InstanceNormalization;
use crate::op::quantization::{DequantizeLinear, Granularity, QuantizeLinear};
use crate::op::reduction::{Reduce, ReduceKind, Softmax, SoftmaxKind};

fn number(b: &mut GraphBuilder, number: f32) -> ValueId {
    b.constant("number", Tensor::scalar(number))
}

fn activation(build: impl FnOnce(&mut GraphBuilder, ValueId) -> ValueId) -> String {
    let graph = graph(&[2, 3], build);
    optimized(&graph, &only(&[Pass::Activations])).to_string()
}

fn written(function: &str) -> String {
    format!("y: f32[2, 3] = {function}(x)\nreturn y\n")
}

#[test]
fn gelu_in_the_orders_in_which_it_is_written() {
    let gate = |b: &mut GraphBuilder, x| {
        let root = number(b, 2f32.sqrt());
        let scaled = b.div(x, root).unwrap();
        let erf = b.apply(Unary::Erf, &[scaled]).unwrap();
        let one = number(b, 1.0);
        b.add(erf, one).unwrap()
    };
    // 0.5 · (x · gate), as PyTorch exports it; (0.5 · x) · gate; x · (0.5 · gate).
    let last = activation(|b, x| {
        let gate = gate(b, x);
        let product = b.mul(x, gate).unwrap();
        let half = number(b, 0.5);
        b.mul(product, half).unwrap()
    });
    let first = activation(|b, x| {
        let half = number(b, 0.5);
        let halved = b.mul(half, x).unwrap();
        let gate = gate(b, x);
        b.mul(halved, gate).unwrap()
    });
    let middle = activation(|b, x| {
        let gate = gate(b, x);
        let two = number(b, 2.0);
        let halved = b.div(gate, two).unwrap();
        b.mul(halved, x).unwrap()
    });
    assert_eq!([last, first, middle], ["Gelu"; 3].map(written));
}

#[test]
fn gelu_by_tanh() {
    let finish = |b: &mut GraphBuilder, x, inner| {
        let tanh = b.tanh(inner).unwrap();
        let one = number(b, 1.0);
        let gate = b.add(one, tanh).unwrap();
        let half = number(b, 0.5);
        let halved = b.mul(x, half).unwrap();
        b.mul(halved, gate).unwrap()
    };
    let by_power = activation(|b, x| {
        let three = number(b, 3.0);
        let cube = b.pow(x, three).unwrap();
        let factor = number(b, 0.044715);
        let cubic = b.mul(cube, factor).unwrap();
        let sum = b.add(x, cubic).unwrap();
        let root = number(b, 0.797_884_6);
        let inner = b.mul(sum, root).unwrap();
        finish(b, x, inner)
    });
    let by_products = activation(|b, x| {
        let factor = number(b, 0.044715);
        let first = b.mul(factor, x).unwrap();
        let second = b.mul(first, x).unwrap();
        let one = number(b, 1.0);
        let bracket = b.add(second, one).unwrap();
        let root = number(b, 0.797_884_6);
        let scaled = b.mul(x, root).unwrap();
        let inner = b.mul(scaled, bracket).unwrap();
        finish(b, x, inner)
    });
    assert_eq!([by_power, by_products], ["GeluTanh"; 2].map(written));
}

#[test]
fn other_gates() {
    let silu = activation(|b, x| {
        let gate = b.sigmoid(x).unwrap();
        b.mul(x, gate).unwrap()
    });
    let hard_swish = activation(|b, x| {
        let gate = b.hard_sigmoid(x).unwrap();
        b.mul(gate, x).unwrap()
    });
    let clipped = |b: &mut GraphBuilder, x| {
        let (three, low, high) = (number(b, 3.0), number(b, 0.0), number(b, 6.0));
        let moved = b.add(x, three).unwrap();
        b.node(Clip, &[Some(moved), Some(low), Some(high)]).unwrap()[0]
    };
    let clipped_swish = activation(|b, x| {
        let gate = clipped(b, x);
        let product = b.mul(x, gate).unwrap();
        let six = number(b, 6.0);
        b.div(product, six).unwrap()
    });
    let hard_sigmoid = activation(|b, x| {
        let gate = clipped(b, x);
        let six = number(b, 6.0);
        b.div(gate, six).unwrap()
    });
    let mish = activation(|b, x| {
        let softplus = b.apply(Unary::Softplus, &[x]).unwrap();
        let gate = b.tanh(softplus).unwrap();
        b.mul(x, gate).unwrap()
    });
    let expected = ["Silu", "HardSwish", "HardSwish", "HardSigmoid", "Mish"].map(written);
    assert_eq!([silu, hard_swish, clipped_swish, hard_sigmoid, mish], expected);
}

#[test]
fn a_gate_of_something_else_stays() {
    let text = activation(|b, x| {
        let other = b.input("other", F, [2, 3]);
        let gate = b.sigmoid(other).unwrap();
        b.mul(x, gate).unwrap()
    });
    assert!(text.contains("Sigmoid") && text.contains("Mul"), "{text}");
}

fn mean(b: &mut GraphBuilder, x: ValueId, axis: usize) -> ValueId {
    b.apply(Reduce { kind: ReduceKind::Mean, axes: vec![axis], keep_dims: true }, &[x]).unwrap()
}

#[test]
fn layer_normalisation_with_its_scale_and_bias() {
    let graph = graph(&[2, 3], |b, x| {
        let middle = mean(b, x, 1);
        let centred = b.sub(x, middle).unwrap();
        let two = number(b, 2.0);
        let square = b.pow(centred, two).unwrap();
        let variance = mean(b, square, 1);
        let epsilon = number(b, 0.5);
        let variance = b.add(variance, epsilon).unwrap();
        let deviation = b.sqrt(variance).unwrap();
        let normal = b.div(centred, deviation).unwrap();
        let scale = constant(b, "scale", &[3], &[1.0, 2.0, 3.0]);
        let bias = constant(b, "bias", &[1, 3], &[4.0, 5.0, 6.0]);
        let normal = b.mul(normal, scale).unwrap();
        b.add(normal, bias).unwrap()
    });
    let result = check(
        &graph,
        &[Pass::Normalization],
        "y: f32[2, 3] = LayerNormalization(x, Div_6.scale, Div_6.bias)\nreturn y\n",
    );
    assert_eq!(numbers(&result, "Div_6.scale"), [1.0, 2.0, 3.0]);
    assert_eq!(numbers(&result, "Div_6.bias"), [4.0, 5.0, 6.0]);
    let crate::Op::LayerNormalization(op) = &result.nodes()[0].op else { panic!("it is one") };
    assert_eq!((op.axis, op.epsilon), (1, 0.5));
}

#[test]
fn normalisation_by_the_root_mean_square() {
    let graph = graph(&[2, 3], |b, x| {
        let square = b.mul(x, x).unwrap();
        let variance = mean(b, square, 1);
        let epsilon = number(b, 0.5);
        let variance = b.add(epsilon, variance).unwrap();
        let deviation = b.sqrt(variance).unwrap();
        let inverse = b.apply(Unary::Reciprocal, &[deviation]).unwrap();
        let normal = b.mul(x, inverse).unwrap();
        let scale = constant(b, "scale", &[3], &[1.0, 2.0, 3.0]);
        b.mul(scale, normal).unwrap()
    });
    check(
        &graph,
        &[Pass::Normalization],
        "y: f32[2, 3] = RMSNormalization(x, Mul_5.scale)\nreturn y\n",
    );
}

#[test]
fn normalisation_over_another_dimension_stays() {
    let graph = graph(&[2, 3], |b, x| {
        let square = b.mul(x, x).unwrap();
        let variance = mean(b, square, 0);
        let epsilon = number(b, 0.5);
        let variance = b.add(epsilon, variance).unwrap();
        let deviation = b.sqrt(variance).unwrap();
        b.div(x, deviation).unwrap()
    });
    assert_eq!(optimized(&graph, &only(&[Pass::Normalization])).nodes().len(), 5);
}

#[test]
fn group_normalisation() {
    let graph = graph(&[1, 4, 2], |b, x| {
        let groups = b.reshape(x, [1, 2, 4]).unwrap();
        let (one, zero) = (constant(b, "one", &[2], &[1.0]), constant(b, "zero", &[2], &[0.0]));
        let normal = b.apply(InstanceNormalization { epsilon: 0.5 }, &[groups, one, zero]).unwrap();
        let normal = b.reshape(normal, [1, 4, 2]).unwrap();
        let scale = constant(b, "scale", &[4, 1], &[1.0, 2.0, 3.0, 4.0]);
        let bias = constant(b, "bias", &[1, 4, 1], &[5.0]);
        let normal = b.mul(normal, scale).unwrap();
        b.add(normal, bias).unwrap()
    });
    let result = check(
        &graph,
        &[Pass::Normalization],
        "y: f32[1, 4, 2] = GroupNormalization(x, Reshape_2.scale, Reshape_2.bias)\nreturn y\n",
    );
    assert_eq!(numbers(&result, "Reshape_2.scale"), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(numbers(&result, "Reshape_2.bias"), [5.0; 4]);
}

/// As PyTorch exports scaled dot-product attention: √scale on queries and on keys, and a mask.
#[test]
fn attention_with_a_mask() {
    let graph = graph(&[1, 5, 8], |b, x| {
        let heads = |b: &mut GraphBuilder, permutation: [usize; 4]| {
            let split = b.reshape(x, [1, 5, 2, 4]).unwrap();
            b.transpose(split, permutation).unwrap()
        };
        let (query, keys, values) =
            (heads(b, [0, 2, 1, 3]), heads(b, [0, 2, 3, 1]), heads(b, [0, 2, 1, 3]));
        let root = number(b, 0.5f32.sqrt());
        let query = b.mul(query, root).unwrap();
        let keys = b.mul(keys, root).unwrap();
        let scores = b.matmul(query, keys).unwrap();
        let mask = constant(b, "mask", &[1, 1, 5, 5], &[0.0, f32::NEG_INFINITY]);
        let scores = b.add(scores, mask).unwrap();
        let softmax = Softmax { kind: SoftmaxKind::Softmax, axis: 3 };
        let shares = b.apply(softmax, &[scores]).unwrap();
        b.matmul(shares, values).unwrap()
    });
    let result = check(
        &graph,
        &[Pass::Identities, Pass::CommonSubexpressions, Pass::Attention],
        "Reshape_0: f32[1, 5, 2, 4] = Reshape(x)\nTranspose_1: f32[1, 2, 5, 4] = Transpose[0, 2, 1, 3](Reshape_0)\ny: f32[1, 2, 5, 4] = Attention(Transpose_1, Transpose_1, Transpose_1, mask)\nreturn y\n",
    );
    let crate::Op::Attention(op) = &result.nodes()[2].op else { panic!("it is one") };
    assert!((op.scale - 0.5).abs() < 1e-6);
}

#[test]
fn a_mask_of_one_column_stays() {
    let graph = graph(&[1, 2, 3, 3], |b, x| {
        let turned = b.transpose(x, [0, 1, 3, 2]).unwrap();
        let scores = b.matmul(x, turned).unwrap();
        let mask = constant(b, "mask", &[3, 1], &[1.0, 2.0, 3.0]);
        let scores = b.add(scores, mask).unwrap();
        let softmax = Softmax { kind: SoftmaxKind::Softmax, axis: 3 };
        let shares = b.apply(softmax, &[scores]).unwrap();
        b.matmul(shares, x).unwrap()
    });
    assert_eq!(optimized(&graph, &only(&[Pass::Attention])).nodes().len(), 5);
}

fn requantized(scales: [f32; 2]) -> Graph {
    let mut builder = GraphBuilder::new("test");
    let x = builder.input("x", DType::I8, [4]);
    let [first, second] = scales.map(|scale| builder.constant("scale", Tensor::scalar(scale)));
    let zero = builder.constant("zero", Tensor::scalar(3i8));
    let granularity = Granularity::PerTensor;
    let dequantize = DequantizeLinear { granularity, output: F };
    let quantize =
        QuantizeLinear { granularity, output: DType::I8, saturate: true, precision: None };
    let floats = builder.apply(dequantize, &[x, first, zero]).unwrap();
    let numbers = builder.apply(quantize, &[floats, second, zero]).unwrap();
    let product = builder.apply(Binary::Mul, &[numbers, x]).unwrap();
    builder.output(product, "y").unwrap();
    builder.build().unwrap()
}

#[test]
fn numbers_that_are_quantised_again_are_the_same() {
    check(&requantized([0.1, 0.1]), &[Pass::Quantization], "y: i8[4] = Mul(x, x)\nreturn y\n");
    for scales in [[0.1, 0.2], [1e-40, 1e-40], [1e38, 1e38]] {
        let result = optimized(&requantized(scales), &only(&[Pass::Quantization]));
        assert_eq!(result.nodes().len(), 3, "{scales:?}");
    }
}
