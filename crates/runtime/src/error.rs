//! What can go wrong between a graph and its results.

use tachy_graph::onnx::{ExportError, ImportError};
use tachy_graph::{TensorError, TensorType};
use thiserror::Error;

use crate::device::Device;

/// A graph that cannot be compiled or run as asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// No backend has a device of this name.
    #[error("there is no device `{device}`; the devices are {known}.")]
    UnknownDevice {
        /// The name asked for.
        device: Device,
        /// The names that there are, separated by commas.
        known: String,
    },
    /// The device exists but cannot be used here.
    #[error("the device `{device}` is absent: {reason} {remedy}")]
    DeviceAbsent {
        /// The device.
        device: Device,
        /// Why it is absent, as a sentence.
        reason: String,
        /// What would bring it, as a sentence.
        remedy: String,
    },
    /// The backend lacks an operator.
    #[error("{backend} does not support the operator {operator} (node `{node}`): {detail}.")]
    UnsupportedOperator {
        /// The backend.
        backend: &'static str,
        /// The operator's name.
        operator: String,
        /// The node's name; empty if the engine does not say.
        node: String,
        /// What exactly is not supported.
        detail: String,
    },
    /// The options ask for something that the backend cannot do.
    #[error("{backend} cannot do what the options ask for: {detail}.")]
    UnsupportedOption {
        /// The backend.
        backend: &'static str,
        /// What it cannot do, and what it can.
        detail: String,
    },
    /// Another number of tensors than the signature has.
    #[error("the model has {expected} {role}s, but {found} were given.")]
    Count {
        /// `input` or `output`.
        role: &'static str,
        /// How many the signature has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A tensor of another type than the signature has.
    #[error("{role} `{name}` is {expected}, but the given tensor is {found}.")]
    Type {
        /// `input` or `output`.
        role: &'static str,
        /// The name in the signature.
        name: String,
        /// The type in the signature.
        expected: TensorType,
        /// The type that was given.
        found: TensorType,
    },
    /// An input whose value decided shapes at compile time now has another value.
    #[error(
        "input `{name}` decided shapes when the model was compiled and must keep the value it had then; compile anew for another value."
    )]
    FixedInput {
        /// The input's name.
        name: String,
    },
    /// `run` or `fetch` came before what it needs.
    #[error("{0}")]
    OutOfOrder(&'static str),
    /// The model could not be read.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The graph could not be written for the engine.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A tensor could not be made.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// A node met data that its operator cannot take, such as an index outside of a tensor.
    #[error("node `{node}` ({operator}): {detail}.")]
    Data {
        /// The node's name.
        node: String,
        /// The operator's name.
        operator: &'static str,
        /// What is wrong with the data.
        detail: String,
    },
    /// What the file says of the model's inputs and outputs is not enough, or contradicts what was given.
    #[error("{0}.")]
    Interface(String),
    /// The engine failed, in its own words.
    #[error("{backend} failed to {action}: {message}")]
    Engine {
        /// The backend.
        backend: &'static str,
        /// What it was doing: "create a session".
        action: &'static str,
        /// What it said.
        message: String,
    },
}

/// The result of what a backend does.
pub type Result<T, E = Error> = std::result::Result<T, E>;
