//! The way from a graph to the messages of a file.

use std::collections::HashSet;

use prost::Message;

use super::context::ExportContext;
use super::{operator, opset};
use crate::graph::{Graph, Value, ValueId};
use crate::onnx::proto::{self, Kind, Size};
use crate::onnx::{ExportError, data_type, tensor};

/// The version of ONNX's operators that is written if nothing requires another.
const BASE_OPERATOR_SET: i64 = 17;

/// The most bytes of one protobuf file.
const MAX_FILE: usize = i32::MAX as usize;

/// How a model is to be written.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ExportOptions {
    /// The least version of ONNX's operators to use; by default 17. What the operators in the graph require is
    /// used in any case.
    pub opset: Option<i64>,
    /// For files: whether weights are put in a file beside the model; by default only those of models beyond
    /// the 2 GiB that one file can hold.
    pub external_weights: Option<bool>,
}

/// The bytes of an ONNX model that computes what the graph computes, under the same names.
///
/// # Errors
/// If ONNX has no operator for a node, or the model takes more than the 2 GiB that one file can hold.
pub fn export(graph: &Graph, options: &ExportOptions) -> Result<Vec<u8>, ExportError> {
    let model = model(graph, options)?;
    let bytes = model.encoded_len();
    if bytes > MAX_FILE {
        return Err(ExportError::TooLarge { bytes });
    }
    Ok(model.encode_to_vec())
}

/// Whether a model is beyond what one file can hold.
pub(super) fn is_too_large(model: &proto::Model) -> bool {
    model.encoded_len() > MAX_FILE
}

/// What is written for the nodes.
pub(super) struct Output {
    pub opset: i64,
    pub required_opset: i64,
    pub nodes: Vec<proto::Node>,
    pub initializers: Vec<proto::Tensor>,
    names: HashSet<String>,
}

impl Output {
    /// A name for a value that the graph does not have.
    pub fn fresh(&mut self, stem: &str) -> String {
        let name = std::iter::once(stem.to_owned())
            .chain((self.names.len()..).map(|number| format!("{stem}_{number}")))
            .find(|name| !self.names.contains(name))
            .expect("there are more numbers than names");
        self.names.insert(name.clone());
        name
    }
}

/// The messages of a graph.
pub(super) fn model(graph: &Graph, options: &ExportOptions) -> Result<proto::Model, ExportError> {
    let types = opset::of_types(graph.values().iter().map(|value| value.ty.dtype));
    let mut version = options.opset.unwrap_or(0).max(BASE_OPERATOR_SET).max(types);
    let output = loop {
        let output = nodes(graph, version)?;
        if output.required_opset <= version {
            break output;
        }
        version = output.required_opset;
    };
    let values = graph.values().iter();
    let constants = values.filter_map(|value| Some(tensor::encode(&value.name, value.constant()?)));
    let infos = |ids: &[ValueId]| ids.iter().map(|&id| value_info(graph.value(id))).collect();
    Ok(proto::Model {
        ir_version: opset::ir_version(version),
        producer_name: "tachy".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        opset_import: vec![proto::OperatorSet { domain: String::new(), version }],
        graph: Some(proto::Graph {
            // The format requires a name.
            name: if graph.name().is_empty() { "graph".into() } else { graph.name().to_owned() },
            node: output.nodes,
            initializer: constants.chain(output.initializers).collect(),
            input: infos(graph.inputs()),
            output: infos(graph.outputs()),
            sparse_initializer: Vec::new(),
        }),
        functions: Vec::new(),
    })
}

fn nodes(graph: &Graph, opset: i64) -> Result<Output, ExportError> {
    let mut output = Output {
        opset,
        required_opset: opset,
        nodes: Vec::with_capacity(graph.nodes().len()),
        initializers: Vec::new(),
        names: graph.values().iter().map(|value| value.name.clone()).collect(),
    };
    let uses = graph.use_counts();
    for node in graph.nodes() {
        let mut context = ExportContext { graph, node, uses: &uses, output: &mut output };
        operator::write(&node.op, &mut context)?;
    }
    Ok(output)
}

fn value_info(value: &Value) -> proto::ValueInfo {
    let dim = |&size: &usize| proto::Dimension { size: Some(Size::Fixed(size as i64)) };
    let shape = proto::TensorShape { dim: value.ty.shape.iter().map(dim).collect() };
    let elem_type = data_type::to_number(value.ty.dtype);
    let kind = Kind::Tensor(proto::TensorKind { elem_type, shape: Some(shape) });
    proto::ValueInfo { name: value.name.clone(), ty: Some(proto::Type { kind: Some(kind) }) }
}
