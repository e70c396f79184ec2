//! The optimised engine against the plain one, on the zoo's models.
#![allow(missing_docs)]

use std::num::NonZeroUsize;

use tachy_cpu::CpuBackend;
use tachy_graph::op::recurrent::{Activation, Direction, Gru, Recurrence};
use tachy_graph::zoo::ZooOptions;
use tachy_graph::{DType, Graph, GraphBuilder, Tensor, zoo};
use tachy_runtime::{Backend, CompileOptions, Device};

/// Numbers between −1 and 1, the same for the same graph.
fn inputs(graph: &Graph) -> Vec<Tensor> {
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    graph
        .inputs()
        .iter()
        .map(|id| {
            let shape = &graph.value(*id).ty.shape;
            let elements: Vec<f32> = (0..shape.iter().product()).map(|_| random()).collect();
            Tensor::new(shape, &elements).unwrap()
        })
        .collect()
}

fn run(graph: &Graph, optimize: bool, threads: usize, inputs: &[Tensor]) -> Vec<Tensor> {
    let options = CompileOptions { optimize, ..CompileOptions::default() }
        .with_threads(NonZeroUsize::new(threads).unwrap());
    let mut executable = CpuBackend.compile(graph, &Device::of("cpu"), &options).unwrap();
    let first = executable.call(inputs).unwrap();
    // What is left in the arena must not reach the next run.
    let second = executable.call(inputs).unwrap();
    assert_eq!(first, second);
    first
}

#[test]
fn agrees_with_the_plain_engine() {
    for entry in zoo::names() {
        let graph = zoo::build(entry.name, &ZooOptions::default()).unwrap();
        let inputs = inputs(&graph);
        let expected = run(&graph, false, 1, &inputs);
        for threads in [1, 2] {
            let found = run(&graph, true, threads, &inputs);
            for (found, expected) in found.iter().zip(&expected) {
                let (found, expected) =
                    (found.as_slice::<f32>().unwrap(), expected.as_slice::<f32>().unwrap());
                let (mut difference, mut norm) = (0.0, 0.0);
                for (found, expected) in found.iter().zip(expected) {
                    difference += f64::from(found - expected).powi(2);
                    norm += f64::from(*expected).powi(2);
                }
                let error = (difference / norm).sqrt();
                assert!(error < 2e-5, "{} on {threads} threads: {error:.2e}", entry.name);
            }
        }
    }
}

/// Large enough to be shared: a direction for each of two threads, and more threads for the hidden units.
#[test]
fn recurrent_layers_both_ways_agree_with_the_plain_engine() {
    let (steps, samples, size, hidden) = (6, 1, 24, 192);
    let mut state = 7u32;
    let mut tensor = |shape: &[usize]| {
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / (1 << 23) as f32 - 1.0) / 8.0
        };
        let elements: Vec<f32> = (0..shape.iter().product()).map(|_| random()).collect();
        Tensor::new(shape, &elements).unwrap()
    };
    for linear_before_reset in [false, true] {
        let mut builder = GraphBuilder::new("both ways");
        let x = builder.input("x", DType::F32, [steps, samples, size]);
        let w = builder.constant("w", tensor(&[2, 3 * hidden, size]));
        let r = builder.constant("r", tensor(&[2, 3 * hidden, hidden]));
        let activations = [Activation::Sigmoid, Activation::Tanh].repeat(2);
        let mut recurrence = Recurrence::forward(hidden, activations);
        recurrence.direction = Direction::Bidirectional;
        let gru = Gru { recurrence, linear_before_reset };
        let outputs = builder.node(gru, &[Some(x), Some(w), Some(r)]).unwrap();
        builder.output(outputs[0], "y").unwrap();
        builder.output(outputs[1], "last").unwrap();
        let graph = builder.build().unwrap();
        let inputs = inputs(&graph);
        let expected = run(&graph, false, 1, &inputs);
        for threads in 1..=4 {
            let found = run(&graph, true, threads, &inputs);
            for (found, expected) in found.iter().zip(&expected) {
                let pairs = found.as_slice::<f32>().unwrap().iter();
                for (found, expected) in pairs.zip(expected.as_slice::<f32>().unwrap()) {
                    assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
                }
            }
        }
    }
}
