//! A graph and what the passes make of it, side by side.

use tachy_cpu::CpuBackend;
use tachy_graph::passes::{Evaluate, PassOptions, optimize, unfused};
use tachy_graph::{DType, Graph, GraphBuilder, Node, Tensor, TensorType};
use tachy_runtime::{Backend, CompileOptions, Device};

/// Folds constants by the engine's own kernels.
struct Kernels;

impl Evaluate for Kernels {
    fn evaluate(
        &self,
        node: &Node,
        inputs: &[Option<&Tensor>],
        _: &[&TensorType],
    ) -> Result<Vec<Tensor>, String> {
        let mut builder = GraphBuilder::new("one node");
        let values: Vec<_> = inputs
            .iter()
            .map(|input| input.map(|tensor| builder.constant("constant", tensor.clone())))
            .collect();
        let outputs = builder.node(node.op.clone(), &values).map_err(|error| error.to_string())?;
        for (index, output) in outputs.into_iter().enumerate() {
            builder.output(output, format!("{index}")).map_err(|error| error.to_string())?;
        }
        run(&builder.build().map_err(|error| error.to_string())?, &[], false)
    }
}

/// What the engine computes: as fast as it can, or node by node.
fn run(graph: &Graph, inputs: &[Tensor], optimize: bool) -> Result<Vec<Tensor>, String> {
    // Threads are dear where there is so little to compute.
    let options = CompileOptions { optimize, ..CompileOptions::default() };
    let mut executable = CpuBackend
        .compile(graph, &Device::of("cpu"), &options)
        .map_err(|error| error.to_string())?;
    executable.call(inputs).map_err(|error| error.to_string())
}

/// Numbers of mean 0 and variance 1 for every input.
pub fn noise(graph: &Graph, seed: u64) -> Vec<Tensor> {
    let mut state = seed;
    let mut number = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((state >> 40) as f32 / (1 << 24) as f32 - 0.5) * 12f32.sqrt()
    };
    let types = graph.inputs().iter().map(|input| &graph.value(*input).ty);
    types
        .map(|ty| {
            assert_eq!(ty.dtype, DType::F32);
            let numbers: Vec<f32> = (0..ty.element_count().unwrap()).map(|_| number()).collect();
            Tensor::new(&ty.shape, &numbers).unwrap()
        })
        .collect()
}

/// Whether the optimised graph has the same interface and gives the same outputs, up to `tolerance` of the largest
/// element, both written out again for the reference and with all that the engine does; how many nodes it has.
pub fn check(graph: &Graph, inputs: &[Tensor], tolerance: f32) -> Result<usize, String> {
    let options = PassOptions::default().with_evaluate(&Kernels);
    let optimized = optimize(graph, &options).map_err(|error| error.to_string())?;
    let interface = |graph: &Graph| {
        let values = graph.inputs().iter().chain(graph.outputs());
        values.map(|id| (graph.value(*id).name.clone(), graph.value(*id).ty.clone())).collect()
    };
    let (before, after): (Vec<_>, Vec<_>) = (interface(graph), interface(&optimized));
    if before != after {
        return Err(format!("the interface {before:?} became {after:?}"));
    }
    let plain = unfused(&optimized).map_err(|error| error.to_string())?;
    let expected = run(graph, inputs, false)?;
    let found =
        [("written out", run(&plain, inputs, false)?), ("fused", run(graph, inputs, true)?)];
    for (way, found) in found {
        compare(&expected, &found, tolerance)
            .map_err(|reason| format!("{way}, {reason}\n{graph}\n{optimized}"))?;
    }
    Ok(optimized.nodes().len())
}

fn compare(expected: &[Tensor], found: &[Tensor], tolerance: f32) -> Result<(), String> {
    for (place, (expected, found)) in expected.iter().zip(found).enumerate() {
        let (expected, found) =
            (expected.as_slice::<f32>().unwrap(), found.as_slice::<f32>().unwrap());
        let largest = expected.iter().fold(1f32, |largest, x| largest.max(x.abs()));
        let error = expected.iter().zip(found).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
        let finite = found.iter().all(|x| x.is_finite());
        if !finite || error > tolerance * largest {
            return Err(format!("output {place} is off by {error} of {largest}"));
        }
    }
    Ok(())
}
