//! The graph: what to compute, never where.

use thiserror::Error;

use crate::op::{InferError, Op, Operator};
use crate::shape::{ShapeError, TensorType};
use crate::tensor::Tensor;

/// A value of one graph: an input, a constant, or an output of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub(crate) u32);

impl ValueId {
    /// The value's place in [`Graph::values`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// The caller gives it.
    Input,
    /// It is part of the graph.
    Constant(Tensor),
    /// A node computes it.
    Node {
        /// The node's place in [`Graph::nodes`].
        node: usize,
        /// Which of the node's outputs.
        output: usize,
    },
}

/// A named, typed value.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// The name, unique in the graph.
    pub name: String,
    /// Element type and shape.
    pub ty: TensorType,
    /// Where it comes from.
    pub source: Source,
}

impl Value {
    /// The tensor, if the value is a constant.
    pub fn constant(&self) -> Option<&Tensor> {
        match &self.source {
            Source::Constant(tensor) => Some(tensor),
            _ => None,
        }
    }
}

/// One operator at work on some values.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The name, for messages and profiles.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// What it reads; an optional input that is left out is `None`.
    pub inputs: Vec<Option<ValueId>>,
    /// What it writes: every output of the operator, used or not.
    pub outputs: Vec<ValueId>,
}

/// An input whose value decided a shape while the graph was made: the graph is right for this value only.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedInput {
    /// The input.
    pub input: ValueId,
    /// The value that it was taken to have.
    pub value: Tensor,
}

/// A typed dataflow program.
///
/// A graph is always valid: every value is typed, nodes stand in an order in which they can run, and names are
/// unique. It is made by [`GraphBuilder`](crate::GraphBuilder) or by [`onnx::import`](crate::onnx).
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    pub(crate) name: String,
    pub(crate) values: Vec<Value>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) inputs: Vec<ValueId>,
    pub(crate) outputs: Vec<ValueId>,
    pub(crate) fixed_inputs: Vec<FixedInput>,
}

impl Graph {
    /// The graph's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All values; a [`ValueId`] is an index into them.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// One value.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.index()]
    }

    /// The nodes, in an order in which they can run.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What the caller gives, in order.
    pub fn inputs(&self) -> &[ValueId] {
        &self.inputs
    }

    /// What the caller gets, in order.
    pub fn outputs(&self) -> &[ValueId] {
        &self.outputs
    }

    /// The inputs whose values decided shapes.
    pub fn fixed_inputs(&self) -> &[FixedInput] {
        &self.fixed_inputs
    }

    /// The number of elements in all constants.
    pub fn parameter_count(&self) -> usize {
        self.values.iter().filter_map(Value::constant).map(Tensor::element_count).sum()
    }

    /// How many times each value is read, as a node's input or as an output of the graph.
    pub fn use_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.values.len()];
        let reads = self.nodes.iter().flat_map(|node| node.inputs.iter().flatten());
        for id in reads.chain(&self.outputs) {
            counts[id.index()] += 1;
        }
        counts
    }
}

/// A graph that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GraphError {
    /// A node's inputs do not fit its operator.
    #[error("node `{node}` ({operator}): {source}.")]
    Node {
        /// The node's name.
        node: String,
        /// The operator's name.
        operator: String,
        /// What is wrong.
        source: InferError,
    },
    /// A type that no tensor can have.
    #[error("value `{value}`: {source}.")]
    Value {
        /// The value's name.
        value: String,
        /// What is wrong.
        source: ShapeError,
    },
    /// Two values with one name.
    #[error("two values are named `{name}`; every input and output needs a name of its own.")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// Nothing to compute.
    #[error("the graph `{graph}` has no output; name one with `output` before `build`.")]
    NoOutput {
        /// The graph's name.
        graph: String,
    },
}

impl GraphError {
    pub(crate) fn at_node(node: &str, op: &Op, source: InferError) -> Self {
        Self::Node { node: node.to_owned(), operator: op.name().to_owned(), source }
    }
}
