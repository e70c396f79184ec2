//! Element types on their way through an engine.

use half::{bf16, f16};
use tachy_graph::{DType, GraphBuilder, Tensor};
use tachy_runtime::{Backend, CompileOptions, Device, Error};

fn samples() -> Vec<Tensor> {
    let floats = [0.0f32, -1.5, 2.25, 1024.0, -0.125, 3.0];
    let shape = [2, 3];
    vec![
        Tensor::new(&shape, &floats).unwrap(),
        Tensor::new(&shape, &floats.map(f64::from)).unwrap(),
        Tensor::new(&shape, &floats.map(f16::from_f32)).unwrap(),
        Tensor::new(&shape, &floats.map(bf16::from_f32)).unwrap(),
        Tensor::new(&shape, &[i8::MIN, -1, 0, 1, 2, i8::MAX]).unwrap(),
        Tensor::new(&shape, &[0, 1, 2, 3, 4, u8::MAX]).unwrap(),
        Tensor::new(&shape, &[i16::MIN, -1, 0, 1, 2, i16::MAX]).unwrap(),
        Tensor::new(&shape, &[0, 1, 2, 3, 4, u16::MAX]).unwrap(),
        Tensor::new(&shape, &[i32::MIN, -1, 0, 1, 2, i32::MAX]).unwrap(),
        Tensor::new(&shape, &[0, 1, 2, 3, 4, u32::MAX]).unwrap(),
        Tensor::new(&shape, &[i64::from(i32::MIN), -1, 0, 1, 2, i64::from(i32::MAX)]).unwrap(),
        Tensor::new(&shape, &[0, 1, 2, 3, 4, i32::MAX as u64]).unwrap(),
        Tensor::new(&shape, &[true, false, false, true, true, false]).unwrap(),
    ]
}

/// Tensors of every element type come through unchanged; those in `refused` are errors that say so.
pub fn element_types_pass_through(backend: &dyn Backend, device: &Device, refused: &[DType]) {
    for sample in samples() {
        let dtype = sample.dtype();
        let mut builder = GraphBuilder::new("reshape");
        let x = builder.input("x", dtype, [2, 3]);
        let y = builder.reshape(x, [3, 2]).unwrap();
        builder.output(y, "y").unwrap();
        let graph = builder.build().unwrap();
        let compiled = backend.compile(&graph, device, &CompileOptions::default());
        if refused.contains(&dtype) {
            let error = compiled.err().unwrap_or_else(|| panic!("{dtype} was not refused"));
            let is_clear = matches!(error, Error::UnsupportedOption { .. } | Error::Engine { .. });
            assert!(is_clear, "{dtype}: {error}");
            continue;
        }
        let mut executable = compiled.unwrap_or_else(|error| panic!("{dtype}: {error}"));
        let outputs = executable.call(std::slice::from_ref(&sample)).unwrap();
        assert_eq!(outputs[0], sample.reshaped(&[3, 2]).unwrap(), "{dtype}");
    }
}
