//! The builder's frame: inputs, constants, nodes, outputs.

use std::collections::HashSet;

use crate::dtype::DType;
use crate::graph::{FixedInput, Graph, GraphError, Node, Source, Value, ValueId};
use crate::op::{Inputs, Op, Operator};
use crate::shape::{Shape, TensorType};
use crate::tensor::Tensor;

/// Builds a [`Graph`], one value after the other; every step is checked as it is taken.
///
/// ```
/// use tachy_graph::{DType, GraphBuilder, Tensor};
///
/// let mut builder = GraphBuilder::new("perceptron");
/// let input = builder.input("input", DType::F32, [32, 784]);
/// let weights = builder.constant("weights", Tensor::zeros(DType::F32, &[784, 10])?);
/// let bias = builder.constant("bias", Tensor::zeros(DType::F32, &[10])?);
/// let product = builder.matmul(input, weights)?;
/// let sum = builder.add(product, bias)?;
/// let logits = builder.relu(sum)?;
/// builder.output(logits, "logits")?;
/// let graph = builder.build()?;
/// assert_eq!(graph.nodes().len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct GraphBuilder {
    pub(super) graph: Graph,
    pub(super) names: HashSet<String>,
    /// Names that were asked for twice: told when the graph is built.
    duplicates: Vec<String>,
}

impl GraphBuilder {
    /// An empty graph.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            graph: Graph {
                name: name.into(),
                values: Vec::new(),
                nodes: Vec::new(),
                inputs: Vec::new(),
                outputs: Vec::new(),
                fixed_inputs: Vec::new(),
            },
            names: HashSet::new(),
            duplicates: Vec::new(),
        }
    }

    /// A value that the caller gives.
    pub fn input(
        &mut self,
        name: impl Into<String>,
        dtype: DType,
        shape: impl Into<Shape>,
    ) -> ValueId {
        let name = self.claim(name.into());
        let id = self.push(name, TensorType::new(dtype, shape), Source::Input);
        self.graph.inputs.push(id);
        id
    }

    /// A value that is part of the graph, such as a weight. If the name is taken, a number is put behind it.
    pub fn constant(&mut self, name: impl Into<String>, tensor: Tensor) -> ValueId {
        let name = self.fresh(&name.into());
        self.push(name, tensor.ty().clone(), Source::Constant(tensor))
    }

    /// Notes that the graph is right for this value of this input only, because it decided a shape.
    pub fn fix_input(&mut self, input: ValueId, value: Tensor) {
        if !self.graph.fixed_inputs.iter().any(|fixed| fixed.input == input) {
            self.graph.fixed_inputs.push(FixedInput { input, value });
        }
    }

    /// A node with every output that its operator has. The name is made from the operator's.
    ///
    /// # Errors
    /// If the operator does not take these inputs.
    pub fn node(
        &mut self,
        op: impl Into<Op>,
        inputs: &[Option<ValueId>],
    ) -> Result<Vec<ValueId>, GraphError> {
        let op = op.into();
        let name = format!("{}_{}", op.name(), self.graph.nodes.len());
        self.push_node(name, op, inputs)
    }

    /// A node of this name, with every output that its operator has.
    ///
    /// # Errors
    /// If the operator does not take these inputs.
    pub fn named_node(
        &mut self,
        name: impl Into<String>,
        op: impl Into<Op>,
        inputs: &[Option<ValueId>],
    ) -> Result<Vec<ValueId>, GraphError> {
        self.push_node(name.into(), op.into(), inputs)
    }

    // Compiled once, not once for every operator.
    fn push_node(
        &mut self,
        name: String,
        op: Op,
        inputs: &[Option<ValueId>],
    ) -> Result<Vec<ValueId>, GraphError> {
        let types: Vec<Option<&TensorType>> =
            inputs.iter().map(|input| input.map(|id| &self.graph.value(id).ty)).collect();
        let types =
            op.infer(Inputs(&types)).map_err(|source| GraphError::at_node(&name, &op, source))?;
        for ty in &types {
            ty.element_count().map_err(|source| GraphError::at_node(&name, &op, source.into()))?;
        }
        let node = self.graph.nodes.len();
        let several = types.len() > 1;
        let outputs = types
            .into_iter()
            .enumerate()
            .map(|(output, ty)| {
                let stem = if several { format!("{name}:{output}") } else { name.clone() };
                let value = self.fresh(&stem);
                self.push(value, ty, Source::Node { node, output })
            })
            .collect::<Vec<_>>();
        self.graph.nodes.push(Node { name, op, inputs: inputs.to_vec(), outputs: outputs.clone() });
        Ok(outputs)
    }

    /// A node with one output, all of whose inputs are given.
    ///
    /// # Errors
    /// If the operator does not take these inputs.
    pub fn apply(&mut self, op: impl Into<Op>, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
        Ok(self.node(op, &inputs)?[0])
    }

    /// Makes a value an output of this name. Whatever cannot be renamed (an input, a constant, a value that
    /// is an output already) is copied by an `Identity`.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn output(
        &mut self,
        value: ValueId,
        name: impl Into<String>,
    ) -> Result<ValueId, GraphError> {
        let name = name.into();
        let renameable = matches!(self.graph.value(value).source, Source::Node { .. })
            && !self.graph.outputs.contains(&value);
        let value = if renameable || self.graph.value(value).name == name {
            value
        } else {
            self.apply(crate::op::elementwise::Unary::Identity, &[value])?
        };
        if self.graph.value(value).name != name {
            if self.names.contains(&name) {
                return Err(GraphError::DuplicateName { name });
            }
            self.rename(value, name);
        } else if self.graph.outputs.contains(&value) {
            return Err(GraphError::DuplicateName { name });
        }
        self.graph.outputs.push(value);
        Ok(value)
    }

    /// The type of a value.
    pub fn ty(&self, value: ValueId) -> &TensorType {
        &self.graph.value(value).ty
    }

    /// The tensor behind a value, if it is a constant.
    pub fn constant_tensor(&self, value: ValueId) -> Option<&Tensor> {
        self.graph.value(value).constant()
    }

    /// The graph as far as it is built.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Gives a value another name; one that is taken gets a number behind it.
    pub fn rename(&mut self, value: ValueId, name: impl Into<String>) {
        let name = name.into();
        let index = value.index();
        if self.graph.values[index].name == name {
            return;
        }
        let name = self.fresh(&name);
        let old = std::mem::replace(&mut self.graph.values[index].name, name);
        self.names.remove(&old);
    }

    /// The finished graph.
    ///
    /// # Errors
    /// If two inputs share a name, an input's shape is impossible, or nothing is an output.
    pub fn build(self) -> Result<Graph, GraphError> {
        if let Some(name) = self.duplicates.into_iter().next() {
            return Err(GraphError::DuplicateName { name });
        }
        if self.graph.outputs.is_empty() {
            return Err(GraphError::NoOutput { graph: self.graph.name });
        }
        for value in &self.graph.values {
            value
                .ty
                .element_count()
                .map_err(|source| GraphError::Value { value: value.name.clone(), source })?;
        }
        Ok(self.graph)
    }

    fn push(&mut self, name: String, ty: TensorType, source: Source) -> ValueId {
        let id = ValueId(u32::try_from(self.graph.values.len()).expect("fewer than 2³² values"));
        self.graph.values.push(Value { name, ty, source });
        id
    }

    fn claim(&mut self, name: String) -> String {
        if !self.names.insert(name.clone()) {
            self.duplicates.push(name.clone());
        }
        name
    }

    fn fresh(&mut self, stem: &str) -> String {
        if self.names.insert(stem.to_owned()) {
            return stem.to_owned();
        }
        // Start at the number of values: then a builder of n equal names tries O(n) names, not O(n²).
        (self.graph.values.len()..)
            .map(|number| format!("{stem}_{number}"))
            .find(|name| self.names.insert(name.clone()))
            .expect("there are more numbers than values")
    }
}
