//! The zoo's models give outputs that mean something.

use tachy_cpu::CpuBackend;
use tachy_graph::zoo::{self, ZooOptions};
use tachy_graph::{Graph, Tensor};
use tachy_runtime::{Backend, CompileOptions, Device};

/// Numbers of mean 0 and variance 1.
fn noise(shape: &[usize], seed: u64) -> Tensor {
    let mut state = seed;
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 40) as f32 / (1 << 24) as f32 - 0.5) * 12f32.sqrt()
        })
        .collect();
    Tensor::new(shape, &values).unwrap()
}

fn run(graph: &Graph, seed: u64) -> Vec<f32> {
    let mut executable =
        CpuBackend.compile(graph, &Device::of("cpu"), &CompileOptions::default()).unwrap();
    let shape = graph.value(graph.inputs()[0]).ty.shape.clone();
    executable.call(&[noise(&shape, seed)]).unwrap()[0].as_slice::<f32>().unwrap().to_vec()
}

#[test]
fn outputs_are_neither_dead_nor_saturated_and_depend_on_the_input() {
    for entry in zoo::names() {
        let graph = zoo::build(entry.name, &ZooOptions::default()).unwrap();
        let (first, second) = (run(&graph, 1), run(&graph, 2));
        let power = |values: &[f32]| {
            (values.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
        };
        let difference: Vec<f32> = first.iter().zip(&second).map(|(a, b)| a - b).collect();
        let (power, change) = (power(&first), power(&difference));
        assert!((0.1..10.0).contains(&power), "{}: outputs of size {power}", entry.name);
        assert!(change > 0.05 * power, "{}: {change} of {power} changes", entry.name);
    }
}

#[test]
fn what_a_program_holds_includes_its_weights() {
    for entry in zoo::names() {
        let graph = zoo::build(entry.name, &ZooOptions::default()).unwrap();
        let executable =
            CpuBackend.compile(&graph, &Device::of("cpu"), &CompileOptions::default()).unwrap();
        let held = executable.memory().active.unwrap() as f64;
        // Biases and what is folded into other weights are a few in a hundred.
        let weights = 0.9 * 4.0 * graph.parameter_count() as f64;
        assert!(held > weights, "{}: {held} bytes held, {weights} expected", entry.name);
    }
}
