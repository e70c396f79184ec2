//! What goes into an executable and what comes out.

use tachy_graph::{Graph, Tensor, TensorType, ValueId};

use crate::error::{Error, Result};

/// A named input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The name in the model.
    pub name: String,
    /// Element type and shape.
    pub ty: TensorType,
}

/// Names, element types and shapes of an executable's inputs and outputs, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signature {
    /// What the caller gives.
    pub inputs: Vec<Port>,
    /// What the caller gets.
    pub outputs: Vec<Port>,
}

impl Signature {
    /// The signature of a graph.
    pub fn of(graph: &Graph) -> Self {
        let port = |id: &ValueId| {
            let value = graph.value(*id);
            Port { name: value.name.clone(), ty: value.ty.clone() }
        };
        Self {
            inputs: graph.inputs().iter().map(port).collect(),
            outputs: graph.outputs().iter().map(port).collect(),
        }
    }

    /// Refuses tensors that are not the inputs.
    pub fn check_inputs(&self, tensors: &[Tensor]) -> Result<()> {
        check("input", &self.inputs, tensors)
    }

    /// Refuses tensors that cannot take the outputs.
    pub fn check_outputs(&self, tensors: &[Tensor]) -> Result<()> {
        check("output", &self.outputs, tensors)
    }

    /// Zeroed tensors to fetch the outputs into.
    pub fn allocate_outputs(&self) -> Result<Vec<Tensor>> {
        let tensor = |port: &Port| Tensor::zeros(port.ty.dtype, &port.ty.shape);
        Ok(self.outputs.iter().map(tensor).collect::<std::result::Result<_, _>>()?)
    }
}

fn check(role: &'static str, ports: &[Port], tensors: &[Tensor]) -> Result<()> {
    if ports.len() != tensors.len() {
        return Err(Error::Count { role, expected: ports.len(), found: tensors.len() });
    }
    match ports.iter().zip(tensors).find(|(port, tensor)| port.ty != *tensor.ty()) {
        None => Ok(()),
        Some((port, tensor)) => Err(Error::Type {
            role,
            name: port.name.clone(),
            expected: port.ty.clone(),
            found: tensor.ty().clone(),
        }),
    }
}
