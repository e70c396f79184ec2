//! Models whose weights are stored in 16 bits: products with f32 sums, and weights that stay narrow.
#![allow(missing_docs)]

use half::{bf16, f16};
use tachy_cpu::CpuBackend;
use tachy_graph::op::window::Window;
use tachy_graph::{DType, Element, Graph, GraphBuilder, Tensor, ValueId};
use tachy_runtime::{Backend, CompileOptions, Device};

fn numbers(length: usize, mut seed: u32, scale: f32) -> Vec<f32> {
    (0..length)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((seed >> 8) as f32 / (1 << 23) as f32 - 1.0) * scale
        })
        .collect()
}

/// Numbers of 16 bits, as a constant of that type.
fn narrow<T: Element>(
    builder: &mut GraphBuilder,
    (name, shape): (&str, &[usize]),
    of: impl Fn(f32) -> T,
    scale: f32,
) -> ValueId {
    let seed = name.bytes().map(u32::from).sum();
    let numbers: Vec<T> =
        numbers(shape.iter().product(), seed, scale).into_iter().map(of).collect();
    builder.constant(name, Tensor::new(shape, &numbers).unwrap())
}

/// The outputs, and what the steps say of themselves.
fn run(graph: &Graph, inputs: &[Tensor], optimize: bool) -> (Vec<Tensor>, Vec<String>) {
    let options = CompileOptions { optimize, ..CompileOptions::default() };
    let mut executable = CpuBackend.compile(graph, &Device::of("cpu"), &options).unwrap();
    let outputs = executable.call(inputs).unwrap();
    let steps = executable.run_by_steps().unwrap().unwrap();
    (outputs, steps.iter().map(|step| format!("{}: {}", step.operator, step.detail)).collect())
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

/// A product and an LSTM step, their weights widened by `Cast` as exporters write it.
fn with_casts<T: Element>(of: impl Fn(f32) -> T + Copy) -> Graph {
    let (rows, size, hidden) = (2, 300, 270);
    let mut b = GraphBuilder::new("casts");
    let x = b.input("x", DType::F32, [rows, size]);
    let w = narrow(&mut b, ("w", &[size, 930]), of, 0.1);
    let w = b.cast(w, DType::F32).unwrap();
    let y = b.matmul(x, w).unwrap();
    let steps = b.reshape(x, [1, rows, size]).unwrap();
    let w = narrow(&mut b, ("W", &[1, 4 * hidden, size]), of, 0.1);
    let r = narrow(&mut b, ("R", &[1, 4 * hidden, hidden]), of, 0.1);
    let biases = narrow(&mut b, ("B", &[1, 8 * hidden]), of, 0.1);
    let [w, r, biases] = [w, r, biases].map(|id| b.cast(id, DType::F32).unwrap());
    let [_, state, _] = b.lstm(steps, w, r, biases).unwrap();
    b.output(y, "y").unwrap();
    b.output(state, "state").unwrap();
    b.build().unwrap()
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

/// A perceptron and a convolution of one narrow type throughout.
fn throughout<T: Element>(of: impl Fn(f32) -> T + Copy) -> Graph {
    let mut b = GraphBuilder::new("throughout");
    let x = b.input("x", T::DTYPE, [1, 16, 5, 5]);
    let filters = narrow(&mut b, ("filters", &[24, 16, 3, 3]), of, 0.2);
    let y = b.conv(x, filters, None, Window::new([3, 3]), 1).unwrap();
    let y = b.relu(y).unwrap();
    let y = b.reshape(y, [1, 216]).unwrap();
    let w = narrow(&mut b, ("w", &[700, 216]), of, 0.2);
    let bias = narrow(&mut b, ("bias", &[700]), of, 1.0);
    let y = b.linear(y, w, bias).unwrap();
    let y = b.relu(y).unwrap();
    b.output(y, "y").unwrap();
    b.build().unwrap()
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
