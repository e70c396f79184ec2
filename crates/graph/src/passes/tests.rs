//! Before and after: what each pass makes of small graphs.

use super::{Pass, PassOptions, optimize};
use crate::op::elementwise::{Binary, Clip, Unary, Variadic};
use crate::op::normalization::BatchNormalization;
use crate::op::pooling::AveragePool;
use crate::op::window::Window;
use crate::{DType, Graph, GraphBuilder, Tensor, ValueId};

const F: DType = DType::F32;

/// A graph that a closure builds of its one input, `x`.
fn graph(shape: &[usize], build: impl FnOnce(&mut GraphBuilder, ValueId) -> ValueId) -> Graph {
    let mut builder = GraphBuilder::new("test");
    let x = builder.input("x", F, shape);
    let y = build(&mut builder, x);
    builder.output(y, "y").unwrap();
    builder.build().unwrap()
}

fn constant(builder: &mut GraphBuilder, name: &str, shape: &[usize], numbers: &[f32]) -> ValueId {
    let count = shape.iter().product();
    let numbers: Vec<f32> = numbers.iter().copied().cycle().take(count).collect();
    builder.constant(name, Tensor::new(shape, &numbers).unwrap())
}

fn only(passes: &[Pass]) -> PassOptions<'static> {
    let left_out = Pass::ALL.into_iter().filter(|pass| !passes.contains(pass)).collect();
    PassOptions { left_out, ..PassOptions::default() }
}

fn optimized(graph: &Graph, options: &PassOptions<'_>) -> Graph {
    let once = optimize(graph, options).unwrap();
    let twice = optimize(&once, options).unwrap();
    assert_eq!(once.to_string(), twice.to_string(), "a second time changes nothing");
    once
}

#[track_caller]
fn check(graph: &Graph, passes: &[Pass], expected: &str) -> Graph {
    let result = optimized(graph, &only(passes));
    assert_eq!(result.to_string(), expected);
    result
}

fn numbers<'a>(graph: &'a Graph, name: &str) -> &'a [f32] {
    let value = graph.values().iter().find(|value| value.name == name).unwrap();
    value.constant().unwrap().as_slice().unwrap()
}

#[test]
fn what_changes_nothing_is_left_out() {
    let graph = graph(&[2, 3], |b, x| {
        let (zero, one) = (constant(b, "zero", &[], &[0.0]), constant(b, "one", &[3], &[1.0]));
        let x = b.apply(Unary::Identity, &[x]).unwrap();
        let x = b.add(x, zero).unwrap();
        let x = b.mul(one, x).unwrap();
        let x = b.div(x, one).unwrap();
        let x = b.reshape(x, [2, 3]).unwrap();
        let x = b.transpose(x, [1, 0]).unwrap();
        let x = b.transpose(x, [1, 0]).unwrap();
        let x = b.concat(&[x], 0).unwrap();
        let x = b.slice(x, 1, 0..3).unwrap();
        let x = b.pad(x, [(0, 0), (0, 0)]).unwrap();
        let x = b.expand(x, [2, 3]).unwrap();
        let x = b.cast(x, F).unwrap();
        let x = b.tile(x, [1, 1]).unwrap();
        let x = b.reshape(x, [6]).unwrap();
        let x = b.reshape(x, [3, 2]).unwrap();
        let x = b.relu(x).unwrap();
        b.apply(Unary::Identity, &[x]).unwrap()
    });
    check(
        &graph,
        &[Pass::Identities],
        "Reshape_14: f32[3, 2] = Reshape(x)\ny: f32[3, 2] = Relu(Reshape_14)\nreturn y\n",
    );
}

#[test]
fn an_operand_that_makes_the_result_larger_stays() {
    let graph = graph(&[3], |b, x| {
        let zero = constant(b, "zero", &[2, 1], &[0.0]);
        b.add(x, zero).unwrap()
    });
    check(&graph, &[Pass::Identities], "y: f32[2, 3] = Add(x, zero)\nreturn y\n");
}

#[test]
fn outputs_keep_their_names_even_as_copies() {
    let mut builder = GraphBuilder::new("test");
    let x = builder.input("x", F, [2]);
    let relu = builder.relu(x).unwrap();
    let same = builder.apply(Unary::Identity, &[relu]).unwrap();
    let again = builder.relu(x).unwrap();
    builder.output(same, "same").unwrap();
    builder.output(x, "copy").unwrap();
    builder.output(relu, "relu").unwrap();
    builder.output(again, "again").unwrap();
    let graph = builder.build().unwrap();
    let result = check(
        &graph,
        &Pass::ALL,
        "relu: f32[2] = Relu(x)\nsame: f32[2] = Identity(relu)\ncopy: f32[2] = Identity(x)\nagain: f32[2] = Identity(relu)\nreturn same, copy, relu, again\n",
    );
    assert_eq!(result.inputs().len(), 1);
}

#[test]
fn what_is_computed_twice_is_computed_once() {
    let graph = graph(&[2], |b, x| {
        let (c, d) = (constant(b, "c", &[], &[2.0]), constant(b, "d", &[], &[2.0]));
        let (left, right) = (b.mul(x, c).unwrap(), b.mul(x, d).unwrap());
        let (left, right) = (b.exp(left).unwrap(), b.exp(right).unwrap());
        b.add(left, right).unwrap()
    });
    check(
        &graph,
        &[Pass::CommonSubexpressions],
        "Mul_0: f32[2] = Mul(x, 2)\nExp_2: f32[2] = Exp(Mul_0)\ny: f32[2] = Add(Exp_2, Exp_2)\nreturn y\n",
    );
}

fn batch_norm(b: &mut GraphBuilder, x: ValueId, channels: usize) -> ValueId {
    let parameters = [("scale", 3.0), ("bias", 5.0), ("mean", 2.0), ("variance", 4.0)]
        .map(|(name, number)| constant(b, name, &[channels], &[number, number + 5.0]));
    b.batch_normalization(x, parameters, 0.0).unwrap()
}

#[test]
fn batch_normalisation_goes_into_the_convolution_before() {
    let graph = graph(&[1, 1, 4], |b, x| {
        let w = constant(b, "w", &[2, 1, 2], &[1.0, 2.0, 3.0, 4.0]);
        let x = b.conv(x, w, None, Window::new([2]), 1).unwrap();
        let x = batch_norm(b, x, 2);
        b.relu(x).unwrap()
    });
    let passes = [Pass::BatchNormalization, Pass::Affine];
    let result = check(
        &graph,
        &passes,
        "BatchNormalization_1: f32[1, 2, 3] = Conv(x, w, Conv_0.bias)\ny: f32[1, 2, 3] = Relu(BatchNormalization_1)\nreturn y\n",
    );
    // Channel 0: (x − 2) · 3 / 2 + 5; channel 1: (x − 7) · 8 / 3 + 10.
    let factor = 8.0 / 3.0;
    assert_eq!(numbers(&result, "w"), [1.5, 3.0, 3.0 * factor, 4.0 * factor]);
    assert_eq!(numbers(&result, "Conv_0.bias"), [2.0, (10.0 - 7.0 * 8.0 / 3.0f64) as f32]);
}

#[test]
fn batch_normalisation_alone_is_two_steps() {
    let graph = graph(&[1, 2, 3], |b, x| {
        let x = batch_norm(b, x, 2);
        b.relu(x).unwrap()
    });
    let passes = [Pass::BatchNormalization, Pass::Affine];
    check(
        &graph,
        &passes,
        "BatchNormalization_0/scale: f32[1, 2, 3] = Mul(x, BatchNormalization_0.scale)\nBatchNormalization_0: f32[1, 2, 3] = Add(BatchNormalization_0/scale, BatchNormalization_0.shift)\ny: f32[1, 2, 3] = Relu(BatchNormalization_0)\nreturn y\n",
    );
    check(
        &graph,
        &Pass::ALL,
        "y: f32[1, 2, 3] = Relu((x * BatchNormalization_0.scale) + BatchNormalization_0.shift)\nreturn y\n",
    );
}

#[test]
fn a_negative_variance_is_an_error() {
    let graph = graph(&[1, 1, 3], |b, x| {
        let one = constant(b, "one", &[1], &[1.0]);
        let minus = constant(b, "minus", &[1], &[-1.0]);
        b.batch_normalization(x, [one, one, one, minus], 0.0).unwrap()
    });
    let error = optimize(&graph, &PassOptions::default()).unwrap_err().to_string();
    assert!(error.contains("BatchNormalization_0") && error.contains("NaN"), "{error}");
    let allowed = PassOptions { allow_nan: true, ..PassOptions::default() };
    assert!(optimize(&graph, &allowed).is_ok());
}

#[test]
fn statistics_of_the_batch_stay() {
    let graph = graph(&[2, 1, 3], |b, x| {
        let one = constant(b, "one", &[1], &[1.0]);
        let op = BatchNormalization { epsilon: 0.0, momentum: 0.9, training: true };
        b.node(op, &[Some(x), Some(one), Some(one), Some(one), Some(one)]).unwrap()[0]
    });
    let result = optimized(&graph, &PassOptions::default());
    assert_eq!(result.nodes().len(), 1);
}

#[test]
fn factors_and_summands_go_into_transposed_convolutions_by_groups() {
    let graph = graph(&[1, 4, 3], |b, x| {
        let w = constant(b, "w", &[4, 1, 1], &[1.0]);
        let c = constant(b, "c", &[2, 1], &[2.0, 3.0]);
        let d = constant(b, "d", &[1, 2, 1], &[4.0, 5.0]);
        let x = b.conv_transpose(x, w, None, Window::new([1]), 2).unwrap();
        let x = b.mul(c, x).unwrap();
        let x = b.sub(x, d).unwrap();
        b.relu(x).unwrap()
    });
    let result = optimized(&graph, &only(&[Pass::Affine]));
    assert_eq!(result.nodes().len(), 2);
    assert_eq!(numbers(&result, "w"), [2.0, 2.0, 3.0, 3.0]);
    assert_eq!(numbers(&result, "ConvTranspose_0.bias"), [-4.0, -5.0]);
}

#[test]
fn a_product_with_a_summand_is_a_gemm() {
    let graph = graph(&[2, 2], |b, x| {
        let w = constant(b, "w", &[2, 2], &[1.0, 2.0, 3.0, 4.0]);
        let c = constant(b, "c", &[2], &[10.0, 100.0]);
        let x = b.matmul(x, w).unwrap();
        let x = b.add(c, x).unwrap();
        b.mul(x, c).unwrap()
    });
    let result =
        check(&graph, &[Pass::Affine], "y: f32[2, 2] = Gemm(x, w, MatMul_0.bias)\nreturn y\n");
    assert_eq!(numbers(&result, "w"), [10.0, 200.0, 30.0, 400.0]);
    assert_eq!(numbers(&result, "MatMul_0.bias"), [100.0, 10_000.0]);
}

#[test]
fn what_differs_from_pixel_to_pixel_stays() {
    let graph = graph(&[1, 1, 2], |b, x| {
        let w = constant(b, "w", &[1, 1, 1], &[1.0]);
        let c = constant(b, "c", &[2], &[2.0, 3.0]);
        let x = b.conv(x, w, None, Window::new([1]), 1).unwrap();
        b.add(x, c).unwrap()
    });
    check(
        &graph,
        &[Pass::Affine],
        "Conv_0: f32[1, 1, 2] = Conv(x, w)\ny: f32[1, 1, 2] = Add(Conv_0, c)\nreturn y\n",
    );
}

#[test]
fn zeros_around_an_image_are_padding() {
    let graph = graph(&[1, 1, 4], |b, x| {
        let w = constant(b, "w", &[1, 1, 3], &[1.0]);
        let x = b.pad(x, [(0, 0), (0, 0), (1, 2)]).unwrap();
        let window = Window::new([3]).with_padding([1]);
        let x = b.conv(x, w, None, window, 1).unwrap();
        let x = b.pad(x, [(0, 0), (0, 0), (1, 0)]).unwrap();
        let pool = AveragePool { window: Window::new([2]), ceil: false, count_include_pad: false };
        b.apply(pool, &[x]).unwrap()
    });
    let result = check(
        &graph,
        &[Pass::Padding],
        "Conv_1: f32[1, 1, 7] = Conv(x, w)\ny: f32[1, 1, 7] = AveragePool(Conv_1)\nreturn y\n",
    );
    let crate::Op::AveragePool(pool) = &result.nodes()[1].op else { panic!("it is a pooling") };
    assert!(pool.count_include_pad);
    assert_eq!((&pool.window.pads_begin[..], &pool.window.pads_end[..]), (&[1][..], &[0][..]));
}

#[test]
fn a_residual_block_is_two_convolutions() {
    let graph = graph(&[1, 2, 4], |b, x| {
        let w = constant(b, "w", &[2, 2, 1], &[1.0, 2.0, 3.0]);
        let v = constant(b, "v", &[2, 2, 1], &[1.0, 2.0, 3.0]);
        let first = b.conv(x, w, None, Window::new([1]), 1).unwrap();
        let first = b.tanh(first).unwrap();
        let second = b.conv(x, v, None, Window::new([1]), 1).unwrap();
        let sum = b.add(first, second).unwrap();
        b.relu(sum).unwrap()
    });
    check(
        &graph,
        &[Pass::Epilogues, Pass::Pointwise],
        "Tanh_1: f32[1, 2, 4] = Conv(x, w) then Tanh(_)\ny: f32[1, 2, 4] = Conv(x, v) then Relu(Tanh_1 + _)\nreturn y\n",
    );
}

#[test]
fn a_result_that_is_read_elsewhere_stays() {
    let mut builder = GraphBuilder::new("test");
    let x = builder.input("x", F, [2, 2]);
    let product = builder.matmul(x, x).unwrap();
    let active = builder.relu(product).unwrap();
    builder.output(product, "product").unwrap();
    builder.output(active, "active").unwrap();
    let graph = builder.build().unwrap();
    check(
        &graph,
        &Pass::ALL,
        "product: f32[2, 2] = MatMul(x, x)\nactive: f32[2, 2] = Relu(product)\nreturn product, active\n",
    );
}

#[test]
fn a_small_graph_of_elementwise_nodes_is_taken_whole() {
    let graph = graph(&[2, 2], |b, x| {
        let three = constant(b, "three", &[], &[3.0]);
        let six = constant(b, "six", &[], &[6.0]);
        let zero = constant(b, "zero", &[], &[0.0]);
        let product = b.matmul(x, x).unwrap();
        let moved = b.add(product, three).unwrap();
        let clipped = b.node(Clip, &[Some(moved), Some(zero), Some(six)]).unwrap()[0];
        let scaled = b.mul(product, clipped).unwrap();
        b.div(scaled, six).unwrap()
    });
    check(
        &graph,
        &[Pass::Epilogues],
        "y: f32[2, 2] = MatMul(x, x) then (_ * Min(Max(_ + 3, 0), 6)) / 6\nreturn y\n",
    );
}

#[test]
fn small_operands_are_broadcast_but_not_computed_again() {
    let graph = graph(&[4, 8], |b, x| {
        let row = b.input("row", F, [8]);
        let row = b.exp(row).unwrap();
        let row = b.tanh(row).unwrap();
        let x = b.mul(x, row).unwrap();
        let x = b.apply(Variadic::Mean, &[x, row, x]).unwrap();
        b.apply(Binary::PRelu, &[x, row]).unwrap()
    });
    check(
        &graph,
        &[Pass::Pointwise],
        "Tanh_1: f32[8] = Tanh(Exp(row))\ny: f32[4, 8] = t1 := x * Tanh_1; PRelu(((t1 + Tanh_1) + t1) / 3, Tanh_1)\nreturn y\n",
    );
}

#[test]
fn expressions_are_brought_into_normal_form() {
    let graph = graph(&[4], |b, x| {
        let two = constant(b, "two", &[], &[2.0]);
        let four = constant(b, "four", &[1], &[4.0]);
        let left = b.sub(x, two).unwrap();
        let right = b.sub(x, two).unwrap();
        let square = b.pow(right, two).unwrap();
        let x = b.add(left, square).unwrap();
        let x = b.div(x, four).unwrap();
        let root = b.apply(Unary::Sqrt, &[x]).unwrap();
        b.apply(Variadic::Max, &[root, x, root]).unwrap()
    });
    check(
        &graph,
        &[Pass::Pointwise],
        "y: f32[4] = t1 := x + -2; t2 := (t1 + (t1 * t1)) * 0.25; t3 := Sqrt(t2); Max(Max(t3, t2), t3)\nreturn y\n",
    );
}

#[test]
fn groups_have_limits() {
    let graph = graph(&[4], |b, x| {
        (0..40).fold(x, |sum, index| {
            let other = b.input(format!("x{index}"), F, [4]);
            b.add(sum, other).unwrap()
        })
    });
    let result = optimized(&graph, &PassOptions::default());
    assert_eq!(result.nodes().len(), 3);
    assert!(result.nodes().iter().all(|node| node.inputs.len() <= 16));
}
