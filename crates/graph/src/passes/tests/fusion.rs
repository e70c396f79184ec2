//! Epilogues and expressions.

use super::*;
use crate::op::elementwise::{Binary, Clip, Unary, Variadic};
use crate::op::window::Window;

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
