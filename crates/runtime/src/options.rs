//! How a graph is to be compiled.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use tachy_graph::onnx::ImportOptions;
use tachy_graph::{Shape, Tensor};

/// How a graph or model is to be compiled. The same options mean the same to every backend.
#[derive(Debug, Clone, PartialEq)]
pub struct CompileOptions {
    /// Threads that compute, the calling one included. One by default.
    pub threads: NonZeroUsize,
    /// Whether to make it fast; by default. Without, the native engine computes every node by itself and as the
    /// definition says: the reference for everyone else. The other engines have no such switch and take no notice.
    pub optimize: bool,
    /// Whether the engine may be asked for the times of its steps: some have to know it beforehand, and run slower.
    pub trace: bool,
    /// Sizes of symbolic dimensions, by name. Only models loaded from ONNX have any.
    pub dims: BTreeMap<String, usize>,
    /// Whole shapes of inputs, by the input's name; they go before `dims`.
    pub input_shapes: BTreeMap<String, Shape>,
    /// Values of inputs that may decide shapes (the `shape` of a `Reshape` …), by the input's name.
    pub known_inputs: BTreeMap<String, Tensor>,
    /// The file that the model was read from: external data lie beside it.
    pub model_path: Option<PathBuf>,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self {
            threads: NonZeroUsize::MIN,
            optimize: true,
            trace: false,
            dims: BTreeMap::new(),
            input_shapes: BTreeMap::new(),
            known_inputs: BTreeMap::new(),
            model_path: None,
        }
    }
}

impl CompileOptions {
    /// These options with so many threads.
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// What the importer needs of these options.
    pub fn import_options(&self) -> ImportOptions {
        let mut options = ImportOptions::default();
        options.dims = self.dims.clone();
        options.input_shapes = self.input_shapes.clone();
        options.known_inputs = self.known_inputs.clone();
        // A bare file name has an empty parent, which stands for the current folder.
        options.directory = self.model_path.as_ref().map(|path| match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        });
        options
    }
}
