//! What can be wrong with a model, in full sentences.

use std::path::PathBuf;

use thiserror::Error;

use crate::graph::GraphError;

/// A model that cannot be imported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be read.
    #[error("`{}` cannot be read: {source}.", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The bytes are not an ONNX model.
    #[error("this is not a valid ONNX model: {reason}.")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// The model is made for operators older or newer than those known here.
    #[error(
        "the model uses version {version} of ONNX's operators; versions {oldest} to {newest} can be read. Convert it, for example with `onnx.version_converter`."
    )]
    OperatorSet {
        /// The version that the model uses.
        version: i64,
        /// The oldest version that can be read.
        oldest: i64,
        /// The newest version that can be read.
        newest: i64,
    },
    /// A dimension of an input that has a name and no size.
    #[error(
        "dimension {axis} of the input `{input}` is `{dimension}` in the file, so its size must be given, for example with `--dim {dimension}=1`."
    )]
    OpenDimension {
        /// The input.
        input: String,
        /// Which of its dimensions.
        axis: usize,
        /// The dimension's name.
        dimension: String,
    },
    /// Something about the sizes of inputs, as the file and the caller give them.
    #[error("{0}.")]
    Input(String),
    /// An initializer or constant that cannot be used.
    #[error("the value `{value}`: {reason}.")]
    Value {
        /// The value's name.
        value: String,
        /// What is wrong.
        reason: String,
    },
    /// An operator that Tachy does not have.
    #[error(
        "node `{node}`: the operator `{operator}` is not supported. `docs/operators.md` lists those that are."
    )]
    UnknownOperator {
        /// The node's name.
        node: String,
        /// The operator, with its domain if it is not ONNX's own.
        operator: String,
    },
    /// An operator that Tachy leaves out on purpose.
    #[error("node `{node}`: the operator `{operator}` is not supported. {reason}")]
    LeftOut {
        /// The node's name.
        node: String,
        /// The operator's name.
        operator: String,
        /// Why: a full sentence.
        reason: &'static str,
    },
    /// A node that cannot be imported.
    #[error("node `{node}` ({operator}): {reason}.")]
    Node {
        /// The node's name.
        node: String,
        /// The operator's name.
        operator: String,
        /// What is wrong.
        reason: String,
    },
    /// Nodes that wait for each other.
    #[error(
        "the graph has a cycle: node `{node}` needs, by way of others, its own output `{value}`."
    )]
    Cycle {
        /// A node of the cycle.
        node: String,
        /// The output of it that leads back.
        value: String,
    },
    /// The graph that the model describes is not valid.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// A graph that cannot be exported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// An operator, or a use of it, that ONNX does not have.
    #[error("node `{node}` ({operator}) cannot be written as ONNX: {reason}.")]
    Node {
        /// The node's name.
        node: String,
        /// The operator's name.
        operator: String,
        /// What is wrong.
        reason: String,
    },
    /// A model beyond what one protobuf file may hold.
    #[error(
        "the model takes {bytes} bytes, but an ONNX file holds at most 2 GiB; write it with `export_file`, which puts the weights beside it."
    )]
    TooLarge {
        /// The size of the model.
        bytes: usize,
    },
    /// A file cannot be written.
    #[error("`{}` cannot be written: {source}.", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}
