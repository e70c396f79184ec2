//! Models that an engine cannot take.

use bytes::Bytes;
use tachy_runtime::{Backend, CompileOptions, Device, Error};

use crate::onnx_bytes::{Dim, model, node, value};

/// An operator that no engine has is named, with its node if the engine says where it stands.
pub fn missing_operator_is_named(backend: &dyn Backend, device: &Device, names_node: bool) {
    let x = value("x", &[Dim::Size(3)]);
    let y = value("y", &[Dim::Size(3)]);
    let bytes = model(&[node("the_node", "Frobnicate", &["x"], "y")], &[], &[x], &[y]);
    match backend.load_onnx(bytes.clone().into(), device, &CompileOptions::default()).err() {
        Some(Error::UnsupportedOperator { backend: name, operator, node, .. }) => {
            assert_eq!(name, backend.name());
            assert!(operator.starts_with("Frobnicate"), "{operator}");
            assert_eq!(node, if names_node { "the_node" } else { "" });
        }
        other => panic!("{other:?}"),
    }
}

/// Bytes that are no model, and models that are cut off, are errors.
pub fn unreadable_models_are_errors(backend: &dyn Backend, device: &Device) {
    let x = value("x", &[Dim::Size(3)]);
    let y = value("y", &[Dim::Size(3)]);
    let whole = model(&[node("r", "Relu", &["x"], "y")], &[], &[x], &[y]);
    let options = CompileOptions::default();
    backend.load_onnx(whole.clone().into(), device, &options).unwrap();
    for bytes in [&b""[..], b"not a model at all", &whole[..whole.len() - 9]] {
        assert!(
            backend.load_onnx(Bytes::copy_from_slice(bytes), device, &options).is_err(),
            "{bytes:?}"
        );
    }
}
