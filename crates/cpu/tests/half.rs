//! Models whose weights are stored in 16 bits: products with f32 sums, and weights that stay narrow.
#![allow(missing_docs)]

mod narrow_models;

use half::{bf16, f16};
use narrow_models::{numbers, throughout, with_casts};
use tachy_cpu::CpuBackend;
use tachy_graph::{DType, Element, Graph, Tensor};
use tachy_runtime::{Backend, CompileOptions, Device};

/// The outputs, and what the steps say of themselves.
fn run(graph: &Graph, inputs: &[Tensor], optimize: bool) -> (Vec<Tensor>, Vec<String>) {
    let options = CompileOptions { optimize, ..CompileOptions::default() };
    let mut executable = CpuBackend.compile(graph, &Device::of("cpu"), &options).unwrap();
    let outputs = executable.call(inputs).unwrap();
    let runs = executable.run_by_steps(1).unwrap().unwrap();
    (
        outputs,
        runs[0].steps.iter().map(|step| format!("{}: {}", step.operator, step.detail)).collect(),
    )
}

fn wide(tensor: &Tensor) -> Vec<f32> {
    tensor.cast(DType::F32, Default::default()).unwrap().as_slice::<f32>().unwrap().to_vec()
}

fn near(found: &Tensor, expected: &Tensor, tolerance: f32) {
    assert_eq!(found.ty(), expected.ty());
    for (found, expected) in wide(found).into_iter().zip(wide(expected)) {
        let allowed = tolerance * expected.abs().max(1.0);
        assert!((found - expected).abs() <= allowed, "{found} instead of {expected}");
    }
}

#[test]
fn weights_behind_a_cast_stay_narrow() {
    let graphs = [("f16", with_casts(f16::from_f32)), ("bf16", with_casts(bf16::from_f32))];
    for (name, graph) in graphs {
        let x = Tensor::new(&[2, 300], &numbers(600, 9, 1.0)).unwrap();
        let (expected, _) = run(&graph, std::slice::from_ref(&x), false);
        let (found, steps) = run(&graph, &[x], true);
        for (found, expected) in found.iter().zip(&expected) {
            near(found, expected, 1e-5);
        }
        let narrow = |operator: &str| {
            let of_operator = |step: &&String| step.starts_with(operator);
            steps.iter().filter(of_operator).all(|step| step.contains(&format!("weights {name}")))
        };
        assert!(narrow("MatMul") && narrow("LSTM"), "{steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("Cast")), "folded: {steps:?}");
    }
}

fn check_throughout<T: Element>(of: impl Fn(f32) -> T + Copy, rounding: f32) {
    let graph = throughout(of);
    let x: Vec<T> = numbers(400, 5, 1.0).into_iter().map(of).collect();
    let x = Tensor::new(&[1, 16, 5, 5], &x).unwrap();
    let (expected, _) = run(&graph, std::slice::from_ref(&x), false);
    let (found, steps) = run(&graph, &[x], true);
    // Sums in another order may round to the next number.
    near(&found[0], &expected[0], 4.0 * rounding);
    let name = T::DTYPE.to_string();
    let is_narrow = |step: &String| step.contains(&format!("weights {name}"));
    assert!(steps.iter().any(is_narrow), "{steps:?}");
    assert!(!steps.iter().any(|step| step.starts_with("Gemm: plain")), "{steps:?}");
}

#[test]
fn models_of_one_narrow_type() {
    check_throughout(f16::from_f32, 1.0 / 2048.0);
    check_throughout(bf16::from_f32, 1.0 / 256.0);
}
