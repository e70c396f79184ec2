//! What is compiled, and the engines that compile it.

use bytes::Bytes;
use tachy_graph::{Graph, onnx};
use tachy_runtime::{CompileOptions, Device, DeviceInfo, Executable, Registry, Result, contain};

use crate::fingerprint;

/// What is compiled.
#[derive(Clone)]
pub(crate) enum Source {
    Graph(Graph),
    Onnx(Bytes),
}

impl Source {
    pub(crate) fn fingerprint(&self, options: &CompileOptions) -> String {
        match self {
            Source::Graph(graph) => fingerprint::of_graph(graph, options),
            Source::Onnx(model) => fingerprint::of_bytes(model, options),
        }
    }

    /// The graph; nothing for a model that Tachy cannot read as one.
    pub(crate) fn graph(&self, options: &CompileOptions) -> Option<Graph> {
        match self {
            Source::Graph(graph) => Some(graph.clone()),
            Source::Onnx(model) => onnx::import(model.clone(), &options.import_options()).ok(),
        }
    }

    /// Compiles it on a device. A panic of the engine is an error.
    pub(crate) fn compile(
        &self,
        registry: &Registry,
        device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let (backend, device) = registry.find(device)?;
        contain(backend.name(), "compile the model", || match self {
            Source::Graph(graph) => backend.compile(graph, &device, options),
            Source::Onnx(model) => backend.load_onnx(model.clone(), &device, options),
        })
    }
}

/// The devices that can be used.
pub(crate) fn available(registry: &Registry) -> Vec<DeviceInfo> {
    registry.devices().into_iter().filter(DeviceInfo::is_available).collect()
}
