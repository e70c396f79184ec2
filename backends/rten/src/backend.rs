//! The engine and its one device.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use rten::{LoadErrorKind, Model, ModelOptions};
use tachy_runtime::{
    Availability, Backend, CompileOptions, CompileStats, Device, DeviceInfo, Executable,
    OpenSignature, Result, ValueExecutable, contain,
};

use crate::engine::RtenEngine;
use crate::failure;

pub(crate) const NAME: &str = "rten";

/// RTen on the processor. It is always there.
#[derive(Debug, Clone, Copy, Default)]
pub struct RtenBackend;

impl Backend for RtenBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn devices(&self) -> Vec<DeviceInfo> {
        vec![DeviceInfo {
            device: Device::of(NAME),
            description: "RTen 0.27, CPU".to_owned(),
            availability: Availability::Available,
        }]
    }

    fn load_onnx(
        &self,
        model: Bytes,
        _device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let mut signature = OpenSignature::of_onnx(&model, options)?;
        let start = Instant::now();
        let path = options.model_path.as_deref();
        let loaded = contain(NAME, "load the model", || load(model.to_vec(), path))?;
        let stats = CompileStats { phases: vec![("load", start.elapsed())], ..Default::default() };
        for (output, id) in signature.outputs.iter_mut().zip(loaded.output_ids()) {
            if output.shape.is_none() {
                output.shape = loaded.node_info(*id).and_then(|info| shape(&info, &signature.dims));
            }
        }
        let signature = signature.close(&model, options)?;
        let engine = RtenEngine::new(loaded, &signature, options.threads)?;
        Ok(Box::new(ValueExecutable::new(engine, signature, stats)))
    }
}

/// Loads a model with every optimisation.
///
/// Weights are packed for the matrix kernels at load, which costs memory and load time once instead of time in
/// every run: an executable is compiled once and run for ever.
fn load(model: Vec<u8>, path: Option<&Path>) -> Result<Model> {
    let mut options = ModelOptions::with_all_ops();
    options.prepack_weights(true);
    match (options.load(model), path) {
        // The engine reads external data only beside a file that it opens itself.
        (Err(error), Some(path)) if error.kind() == LoadErrorKind::ExternalDataError => {
            options.load_file(path)
        }
        (loaded, _) => loaded,
    }
    .map_err(failure::of_loading)
}

fn shape(info: &rten::NodeInfo<'_>, dims: &BTreeMap<String, usize>) -> Option<Vec<usize>> {
    let size = |dimension: rten::Dimension| match dimension {
        rten::Dimension::Fixed(size) => Some(size),
        rten::Dimension::Symbolic(name) => dims.get(&name).copied(),
    };
    info.shape()?.into_iter().map(size).collect()
}
