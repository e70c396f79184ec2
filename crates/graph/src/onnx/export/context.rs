//! What an operator's exporter sees of its node, and what it can write.

use super::attributes::{AttributeValue, attribute};
use super::opset;
use super::writer::Output;
use crate::graph::{Graph, Node, ValueId};
use crate::onnx::import::table;
use crate::onnx::{ExportError, proto};
use crate::op::Operator;
use crate::shape::TensorType;
use crate::tensor::Tensor;

/// One node on its way into a model.
pub struct ExportContext<'a> {
    pub(super) graph: &'a Graph,
    pub(super) node: &'a Node,
    /// How many times each value is read.
    pub(super) uses: &'a [usize],
    pub(super) output: &'a mut Output,
}

/// Attributes under construction.
#[derive(Default)]
pub struct Attributes(Vec<proto::Attribute>);

impl Attributes {
    /// No attributes.
    pub fn new() -> Self {
        Self::default()
    }

    /// These and one more.
    pub fn with(mut self, name: &str, value: impl AttributeValue) -> Self {
        self.0.push(attribute(name, value));
        self
    }

    /// These and one more, unless it has its default value.
    pub fn unless<T: AttributeValue + PartialEq>(self, name: &str, value: T, default: T) -> Self {
        if value == default { self } else { self.with(name, value) }
    }
}

impl ExportContext<'_> {
    /// The version of the operators that the model will use.
    pub fn opset(&self) -> i64 {
        self.output.opset
    }

    /// Says that the model must use at least this version, because of how an operator is used; the version that
    /// an operator came with, and that its element types came with, is taken care of. The whole model is written again if it does not;
    /// then [`opset`](Self::opset) is at least this.
    pub fn require_opset(&mut self, version: i64) {
        self.output.required_opset = self.output.required_opset.max(version);
    }

    /// An error that names this node. `reason` is a sentence without its full stop.
    pub fn error(&self, reason: impl Into<String>) -> ExportError {
        ExportError::Node {
            node: self.node.name.clone(),
            operator: self.node.op.name().to_owned(),
            reason: reason.into(),
        }
    }

    /// The number of inputs, left-out ones between others included.
    pub fn input_count(&self) -> usize {
        self.node.inputs.len()
    }

    /// The type of an input; `None` if it is left out.
    pub fn input_type(&self, index: usize) -> Option<&TensorType> {
        let id = self.node.inputs.get(index).copied().flatten()?;
        Some(&self.graph.value(id).ty)
    }

    /// The type of an output.
    pub fn output_type(&self, index: usize) -> &TensorType {
        &self.graph.value(self.node.outputs[index]).ty
    }

    /// The name of an input; empty if it is left out.
    pub fn input(&self, index: usize) -> String {
        let id = self.node.inputs.get(index).copied().flatten();
        id.map_or_else(String::new, |id| self.graph.value(id).name.clone())
    }

    /// The names of all inputs.
    pub fn inputs(&self) -> Vec<String> {
        (0..self.input_count()).map(|index| self.input(index)).collect()
    }

    /// The names of all outputs. Optional ones that nothing reads are left out, as an empty name or at the end.
    pub fn outputs(&self, op_type: &str) -> Vec<String> {
        let required = opset::required_outputs(op_type);
        let name = |(index, id): (usize, &ValueId)| {
            let used = self.uses[id.index()] > 0 || index < required;
            if used { self.graph.value(*id).name.clone() } else { String::new() }
        };
        let mut names: Vec<String> = self.node.outputs.iter().enumerate().map(name).collect();
        while names.len() > required && names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        if names.is_empty() {
            // Nothing reads any; a node must have an output all the same.
            return self.node.outputs.iter().map(|id| self.graph.value(*id).name.clone()).collect();
        }
        names
    }

    /// Adds an initializer for something that ONNX has as an input and the operator as a field, such as axes.
    /// `name` is put behind the node's.
    pub fn initializer(&mut self, name: &str, tensor: &Tensor) -> String {
        let name = self.output.fresh(&format!("{}_{name}", self.node.name));
        self.output.initializers.push(crate::onnx::tensor::encode(&name, tensor));
        name
    }

    /// An initializer with a list of integers.
    pub fn integers<T: Copy + TryInto<i64>>(
        &mut self,
        name: &str,
        values: &[T],
    ) -> Result<String, ExportError> {
        let values: Result<Vec<i64>, _> = values.iter().map(|&value| value.try_into()).collect();
        let values = values.map_err(|_| self.error(format!("its `{name}` is too large")))?;
        let tensor = Tensor::new(&[values.len()], &values);
        let tensor = tensor.map_err(|error| self.error(error.to_string()))?;
        Ok(self.initializer(name, &tensor))
    }

    /// Writes the node: these inputs, and its own outputs.
    pub fn write(&mut self, op_type: &str, inputs: Vec<String>, attributes: Attributes) {
        let outputs = self.outputs(op_type);
        let name = self.node.name.clone();
        self.push(name, op_type, inputs, outputs, attributes);
    }

    /// Writes the node with its own inputs and outputs.
    pub fn direct(&mut self, op_type: &str, attributes: Attributes) {
        self.write(op_type, self.inputs(), attributes);
    }

    fn push(
        &mut self,
        name: String,
        op_type: &str,
        input: Vec<String>,
        output: Vec<String>,
        attributes: Attributes,
    ) {
        self.require_opset(table::since(op_type));
        let ids = self.node.inputs.iter().flatten().chain(&self.node.outputs);
        let dtypes = ids.map(|id| self.graph.value(*id).ty.dtype);
        self.require_opset(opset::of_operator(op_type, dtypes));
        let op_type = op_type.to_owned();
        let attribute = attributes.0;
        let node = proto::Node { name, op_type, input, output, attribute, ..Default::default() };
        self.output.nodes.push(node);
    }
}
