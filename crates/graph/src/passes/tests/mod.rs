//! Before and after: what each pass makes of small graphs.

mod fusion;
mod recognition;
mod simplification;
mod weights;

use super::{Pass, PassOptions, optimize};
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
