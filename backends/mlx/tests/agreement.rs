//! MLX against the native engine on the models of the zoo, and its compiled functions against its eager operations.

mod support;

use tachy_cpu::CpuBackend;
use tachy_graph::zoo::{self, ZooOptions};
use tachy_graph::{DType, Graph, Tensor};
use tachy_mlx::MlxBackend;
use tachy_runtime::{Backend, CompileOptions, Device};

/// Numbers that repeat, between −1 and 1.
fn inputs(graph: &Graph) -> Vec<Tensor> {
    let input = |id| {
        let ty = &graph.value(id).ty;
        let count = ty.element_count().unwrap();
        let numbers = (0..count).map(|place| ((place * 7919) % 2003) as f32 / 1001.0 - 1.0);
        let numbers: Vec<f32> = numbers.collect();
        Tensor::new(&ty.shape, &numbers).unwrap().cast(ty.dtype, Default::default()).unwrap()
    };
    graph.inputs().iter().copied().map(input).collect()
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    let tensor = tensor.cast(DType::F32, Default::default()).unwrap();
    tensor.as_slice::<f32>().unwrap().to_vec()
}

/// ‖found − expected‖ / ‖expected‖ over all outputs.
fn relative_error(found: &[Tensor], expected: &[Tensor]) -> f64 {
    let (mut difference, mut size) = (0.0, 0.0);
    for (found, expected) in found.iter().zip(expected) {
        for (found, expected) in floats(found).into_iter().zip(floats(expected)) {
            difference += f64::from(found - expected).powi(2);
            size += f64::from(expected).powi(2);
        }
    }
    (difference / size).sqrt()
}

fn call(backend: &dyn Backend, graph: &Graph, device: &Device, optimize: bool) -> Vec<Tensor> {
    let options = CompileOptions { optimize, ..CompileOptions::default() };
    let mut executable = backend.compile(graph, device, &options).unwrap();
    executable.call(&inputs(graph)).unwrap()
}

#[test]
fn agrees_with_the_native_engine_on_the_zoo() {
    for device in support::devices() {
        for name in zoo::names().iter().map(|entry| entry.name) {
            let graph = zoo::build(name, &ZooOptions::default()).unwrap();
            let expected = call(&CpuBackend, &graph, &Device::of("cpu"), false);
            let compiled = call(&MlxBackend, &graph, &device, true);
            let eager = call(&MlxBackend, &graph, &device, false);
            let (error, apart) =
                (relative_error(&compiled, &expected), relative_error(&compiled, &eager));
            println!("{device} {name}: {error:.1e} from the reference, {apart:.1e} from eager");
            assert!(error < 1e-4, "{device} {name}: {error:e}");
            assert!(apart < 1e-5, "{device} {name}: {apart:e}");
        }
    }
}
