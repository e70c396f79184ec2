//! A model compiled in this process, and inputs for it.

use std::collections::HashMap;
use std::path::Path;

use tachy_graph::cost::Cost;
use tachy_graph::onnx::{self, ImportOptions};
use tachy_graph::{Graph, Tensor, files};
use tachy_measure::{ModelSource, random_tensor};
use tachy_runtime::{CompileOptions, Device, Executable, Port, Registry, Signature};

use super::arguments::ModelArguments;
use super::failure::Failure;
use super::model;
use super::settings::Settings;

/// Compiles the model for a device; with `trace`, the engine may be asked for the times of its steps.
pub(super) fn compile(
    model: &ModelArguments,
    device: &Device,
    registry: &Registry,
    settings: &Settings,
    trace: bool,
) -> Result<Box<dyn Executable>, Failure> {
    let (backend, device) = registry.find(device)?;
    let mut options = CompileOptions {
        threads: model.threads(settings),
        dims: model.dims(),
        input_shapes: model.shapes(),
        trace,
        ..CompileOptions::default()
    };
    for (name, file) in &model.inputs {
        options.known_inputs.insert(name.clone(), read_tensor(file)?);
    }
    let source = model::source(model, settings)?;
    match (source.graph().map_err(Failure::input)?, source) {
        (Some(graph), _) => Ok(backend.compile(&graph, &device, &options)?),
        (None, ModelSource::File { path }) => {
            let bytes = std::fs::read(&path).map_err(|error| {
                Failure::Input(format!("`{}` cannot be read: {error}.", path.display()))
            })?;
            options.model_path = Some(path);
            Ok(backend.load_onnx(bytes.into(), &device, &options)?)
        }
        (None, source) => Err(Failure::Input(format!("`{source}` is no graph."))),
    }
}

/// What each node of the model costs, by its name; nothing if the model cannot be read as a graph.
pub(super) fn node_costs(model: &ModelArguments, settings: &Settings) -> HashMap<String, Cost> {
    let Some(graph) = graph(model, settings) else { return HashMap::new() };
    graph.nodes().iter().map(|node| (node.name.clone(), graph.cost(node))).collect()
}

/// The operations of a whole run, and the bytes that it has to read or write at least: the weights, the inputs and the
/// outputs. `None` if the model cannot be read as a graph.
pub(super) fn least_work(
    model: &ModelArguments,
    executable: &dyn Executable,
    settings: &Settings,
) -> Option<(f64, f64)> {
    let graph = graph(model, settings)?;
    let (mut flops, mut weights) = (0.0, 0.0);
    for node in graph.nodes() {
        let cost = graph.cost(node);
        let constants = node.inputs.iter().flatten().filter_map(|id| graph.value(*id).constant());
        let bytes: usize = constants.map(|tensor| tensor.bytes().len()).sum();
        flops += cost.flops;
        // Of a table in which things are looked up, only some is read.
        weights += (bytes as f64).min(cost.bytes_read);
    }
    let Signature { inputs, outputs, .. } = executable.signature();
    let size = |port: &Port| port.ty.shape.iter().product::<usize>() * port.ty.dtype.size();
    let ports: usize = inputs.iter().chain(outputs).map(size).sum();
    Some((flops, weights + ports as f64))
}

/// The model as a graph, if it can be read as one.
fn graph(model: &ModelArguments, settings: &Settings) -> Option<Graph> {
    match model::source(model, settings) {
        Ok(ModelSource::File { path }) => std::fs::read(&path).ok().and_then(|bytes| {
            let mut options = ImportOptions::default();
            (options.dims, options.input_shapes) = (model.dims(), model.shapes());
            options.directory = path.parent().map(Path::to_path_buf);
            onnx::import(bytes, &options).ok()
        }),
        Ok(source) => source.graph().ok().flatten(),
        Err(_) => None,
    }
}

/// The inputs that were given as files, and random ones for the rest.
pub(super) fn inputs(
    model: &ModelArguments,
    executable: &dyn Executable,
    settings: &Settings,
) -> Result<Vec<Tensor>, Failure> {
    let mut files = model.input_files();
    let ports = &executable.signature().inputs;
    let inputs = ports
        .iter()
        .enumerate()
        .map(|(place, port)| match files.remove(&port.name) {
            Some(file) => read_tensor(&file),
            None => random_tensor(&port.ty, model.seed(settings), place).map_err(Failure::input),
        })
        .collect::<Result<_, _>>()?;
    match files.keys().next() {
        None => Ok(inputs),
        Some(name) => Err(unknown_name("input", name, ports)),
    }
}

/// The model has no input or output of this name.
pub(super) fn unknown_name(role: &str, name: &str, ports: &[Port]) -> Failure {
    let names: Vec<String> = ports.iter().map(|port| format!("`{}`", port.name)).collect();
    Failure::Input(format!(
        "the model has no {role} `{name}`; its {role}s are {}.",
        names.join(", ")
    ))
}

fn read_tensor(path: &Path) -> Result<Tensor, Failure> {
    files::read_one(path).map_err(Failure::input)
}
