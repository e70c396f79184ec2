//! The life of a call: bind, run, fetch.

use std::num::NonZeroUsize;
use std::time::Duration;

use tachy_graph::{DType, Graph, GraphBuilder, Tensor};
use tachy_profile::memory::{Occasion, tracker};
use tachy_runtime::{Backend, CompileOptions, Device, Error, MemoryStats};

use crate::onnx_bytes::{Dim, model, node, value};

/// Two layers with a ReLU between them.
fn perceptron() -> Graph {
    let mut builder = GraphBuilder::new("perceptron");
    let x = builder.input("x", DType::F32, [2, 3]);
    let first = Tensor::new(&[3, 2], &[1.0f32, -1.0, 2.0, 0.5, -3.0, 4.0]).unwrap();
    let second = Tensor::new(&[2, 2], &[1.0f32, 10.0, 100.0, -1.0]).unwrap();
    let first = builder.constant("first", first);
    let second = builder.constant("second", second);
    let hidden = builder.matmul(x, first).unwrap();
    let hidden = builder.relu(hidden).unwrap();
    let y = builder.matmul(hidden, second).unwrap();
    builder.output(y, "y").unwrap();
    builder.build().unwrap()
}

/// Computes with one and with three threads, and again with other inputs.
pub fn computes_a_perceptron(backend: &dyn Backend, device: &Device) {
    for threads in [1, 3] {
        let options = CompileOptions::default().with_threads(NonZeroUsize::new(threads).unwrap());
        let mut executable = backend.compile(&perceptron(), device, &options).unwrap();
        assert!(!executable.compile_stats().phases.is_empty());
        for sign in [1.0, -1.0] {
            let x = [1.0f32, 2.0, 3.0, -1.0, 0.0, 1.0].map(|x| x * sign);
            // hidden before ReLU: [1 + 4 - 9, -1 + 1 + 12] and [-1 - 3, 1 + 4].
            let expected: [f32; 4] =
                if sign > 0.0 { [1200.0, -12.0, 500.0, -5.0] } else { [4.0, 40.0, 4.0, 40.0] };
            let x = Tensor::new(&[2, 3], &x).unwrap();
            executable.bind(&[x]).unwrap();
            let mut y = executable.signature().allocate_outputs().unwrap();
            for _ in 0..3 {
                executable.run().unwrap();
                executable.fetch(&mut y).unwrap();
                assert_eq!(y[0].as_slice::<f32>().unwrap(), expected, "{threads} threads");
            }
        }
    }
}

/// Tells the steps of its runs, in order and within the runs, if it was told beforehand that it will be asked.
pub fn tells_the_steps_of_its_runs(backend: &dyn Backend, device: &Device) {
    let options = CompileOptions { trace: true, ..CompileOptions::default() };
    let mut executable = backend.compile(&perceptron(), device, &options).unwrap();
    executable.bind(&[Tensor::zeros(DType::F32, &[2, 3]).unwrap()]).unwrap();
    executable.run().unwrap();
    let runs = executable.run_by_steps(3).unwrap().expect("the engine tells its steps");
    assert_eq!(runs.len(), 3);
    for run in &runs {
        assert!(!run.steps.is_empty());
        let mut last = Duration::ZERO;
        for step in &run.steps {
            assert!(!step.operator.is_empty() && step.start >= last, "{run:?}");
            // The clock of an engine may tell no less than a microsecond.
            let end = step.start + step.duration;
            assert!(end <= run.duration + run.clock_error + Duration::from_micros(2), "{run:?}");
            last = step.start;
        }
    }
    // A run is a run, whoever asked for its steps.
    let mut outputs = executable.signature().allocate_outputs().unwrap();
    executable.fetch(&mut outputs).unwrap();
}

/// Tells the process's memory tracker what it holds when it has compiled, bound and run, or that it has no figures.
pub fn tells_its_memory(backend: &dyn Backend, device: &Device) {
    let tracker = tracker();
    let executable = backend.compile(&perceptron(), device, &CompileOptions::default());
    let mut executable = executable.unwrap();
    executable.call(&[Tensor::zeros(DType::F32, &[2, 3]).unwrap()]).unwrap();
    let report = tracker.report();
    let name = device.to_string();
    let told = report.engines.iter().find(|engine| engine.device == name);
    let told = told.unwrap_or_else(|| panic!("`{name}` tells nothing: {report}"));
    let occasions: Vec<_> = told.readings.iter().map(|reading| reading.occasion).collect();
    if executable.memory() == MemoryStats::default() {
        assert!(occasions.is_empty(), "{report}");
        assert!(told.source.contains(device.backend()), "it is said who is silent: {report}");
    } else {
        assert_eq!(occasions.last(), Some(&Occasion::Ran), "{report}");
        let last = told.readings[occasions.len() - 1].figures;
        assert!(last.peak >= last.active && last.peak > Some(0), "{report}");
    }
}

/// Refuses calls in the wrong order and tensors of the wrong type, and works again afterwards.
pub fn order_and_types_are_checked(backend: &dyn Backend, device: &Device) {
    let options = CompileOptions::default();
    let mut executable = backend.compile(&perceptron(), device, &options).unwrap();
    let mut outputs = executable.signature().allocate_outputs().unwrap();
    assert!(matches!(executable.run(), Err(Error::OutOfOrder(_))));
    let x = Tensor::zeros(DType::F32, &[2, 3]).unwrap();
    executable.bind(std::slice::from_ref(&x)).unwrap();
    assert!(matches!(executable.fetch(&mut outputs), Err(Error::OutOfOrder(_))));
    assert!(matches!(executable.bind(&[]), Err(Error::Count { .. })));
    for (dtype, shape) in [(DType::F64, [2, 3]), (DType::F32, [3, 2])] {
        let wrong = Tensor::zeros(dtype, &shape).unwrap();
        assert!(matches!(executable.bind(&[wrong]), Err(Error::Type { .. })));
    }
    executable.bind(&[x]).unwrap();
    executable.run().unwrap();
    let mut wrong = vec![Tensor::zeros(DType::F32, &[4]).unwrap()];
    assert!(matches!(executable.fetch(&mut wrong), Err(Error::Type { .. })));
    executable.fetch(&mut outputs).unwrap();
    assert_eq!(outputs[0].as_slice::<f32>().unwrap(), [0.0; 4]);
}

/// Brings outputs that no node computes: some engines hand the input out instead of filling what was bound.
pub fn inputs_can_be_outputs(backend: &dyn Backend, device: &Device) {
    let port = |name: &str| value(name, &[Dim::Size(3)]);
    let nodes = [node("r", "Relu", &["x"], "y")];
    let bytes = model(&nodes, &[], &[port("x")], &[port("y"), port("x")]);
    let mut executable =
        backend.load_onnx(bytes.clone().into(), device, &CompileOptions::default()).unwrap();
    for x in [[1.0f32, -1.0, 0.5], [-7.0, 8.0, -9.0]] {
        let outputs = executable.call(&[Tensor::new(&[3], &x).unwrap()]).unwrap();
        assert_eq!(outputs[0].as_slice::<f32>().unwrap(), x.map(|x| x.max(0.0)));
        assert_eq!(outputs[1].as_slice::<f32>().unwrap(), x);
    }
}
