//! Shapes and weights that are not in the model's file.

use tachy_graph::Tensor;
use tachy_runtime::{Backend, CompileOptions, Device, Error};

use crate::onnx_bytes::{Dim, external_weight, model, node, value};

/// A model with a named dimension runs once its size is given, by name or as the input's shape.
pub fn named_dimensions_are_fixed(backend: &dyn Backend, device: &Device) {
    let open = |name: &str| value(name, &[Dim::Name("batch"), Dim::Size(2)]);
    let bytes = model(&[node("r", "Relu", &["x"], "y")], &[], &[open("x")], &[open("y")]);
    let missing = backend.load_onnx(bytes.clone().into(), device, &CompileOptions::default()).err();
    match missing {
        Some(Error::Interface(message)) => assert!(message.contains("--dim batch"), "{message}"),
        other => panic!("{other:?}"),
    }
    let mut by_name = CompileOptions::default();
    by_name.dims.insert("batch".to_owned(), 3);
    let mut by_shape = CompileOptions::default();
    by_shape.input_shapes.insert("x".to_owned(), vec![3, 2]);
    for options in [by_name, by_shape] {
        let mut executable = backend.load_onnx(bytes.clone().into(), device, &options).unwrap();
        assert_eq!(executable.signature().outputs[0].ty.shape, [3, 2]);
        let x = Tensor::new(&[3, 2], &[1.0f32, -1.0, 2.0, -2.0, 3.0, -3.0]).unwrap();
        let y = executable.call(&[x]).unwrap();
        assert_eq!(y[0].as_slice::<f32>().unwrap(), [1.0, 0.0, 2.0, 0.0, 3.0, 0.0]);
    }
}

/// Weights in a file beside the model are found by way of the model's path.
pub fn weights_beside_the_model_are_found(backend: &dyn Backend, device: &Device) {
    let folder = tempfile::tempdir().unwrap();
    let weights: Vec<u8> = [3.0f32, 5.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(folder.path().join("weights.data"), weights).unwrap();
    let bytes = model(
        &[node("scale", "Mul", &["x", "w"], "y")],
        &[external_weight("w", &[2], "weights.data")],
        &[value("x", &[Dim::Size(2)])],
        &[value("y", &[Dim::Size(2)])],
    );
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, &bytes).unwrap();
    let options = CompileOptions { model_path: Some(path), ..CompileOptions::default() };
    let mut executable = backend.load_onnx(bytes.clone().into(), device, &options).unwrap();
    let y = executable.call(&[Tensor::new(&[2], &[1.0f32, 10.0]).unwrap()]).unwrap();
    assert_eq!(y[0].as_slice::<f32>().unwrap(), [3.0, 50.0]);
}
