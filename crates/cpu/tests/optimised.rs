//! The optimised engine against the plain one, on the zoo's models.
#![allow(missing_docs)]

use std::num::NonZeroUsize;

use tachy_cpu::CpuBackend;
use tachy_graph::zoo::ZooOptions;
use tachy_graph::{Graph, Tensor, zoo};
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
