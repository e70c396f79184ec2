//! What an operator's importer sees of its node, and what it can do.

use super::attributes::Attributes;
use super::fold;
use super::importer::Importer;
use super::scope::{Binding, Slot};
use crate::dtype::DType;
use crate::graph::ValueId;
use crate::onnx::tensor::MAX_RANK;
use crate::onnx::{ImportError, proto};
use crate::op::Op;
use crate::op::movement::Expand;
use crate::shape::{TensorType, normalize_axis};
use crate::tensor::Tensor;

/// The outputs of a node, in the order of the ONNX operator's; as many as the importer has.
pub type Imported = Result<Vec<ValueId>, ImportError>;

/// One node on its way into the graph.
pub struct NodeContext<'i, 'm> {
    importer: &'i mut Importer<'m>,
    attributes: Attributes<'m>,
    node: &'m proto::Node,
    inputs: &'i [Option<Slot>],
    opset: i64,
    label: &'i str,
    emitted: usize,
}

/// Defines a reader that turns what is wrong with an attribute into an error with the node's name.
macro_rules! attribute {
    ($($(#[$doc:meta])* $name:ident => $ty:ty;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self, name: &str) -> Result<Option<$ty>, ImportError> {
            self.attributes.$name(name).map_err(|reason| self.error(reason))
        }
    )*};
}

impl<'i, 'm> NodeContext<'i, 'm> {
    pub(super) fn new(
        importer: &'i mut Importer<'m>,
        attributes: Attributes<'m>,
        node: &'m proto::Node,
        inputs: &'i [Option<Slot>],
        opset: i64,
        label: &'i str,
    ) -> Self {
        Self { importer, attributes, node, inputs, opset, label, emitted: 0 }
    }

    /// The version of the operators of this node's domain.
    pub fn opset(&self) -> i64 {
        self.opset
    }

    /// An error that names this node. `reason` is a sentence without its full stop.
    pub fn error(&self, reason: impl Into<String>) -> ImportError {
        ImportError::Node {
            node: self.label.to_owned(),
            operator: self.node.op_type.clone(),
            reason: reason.into(),
        }
    }

    // Attributes: `None` if absent, an error if of another kind.

    attribute! {
        /// An integer.
        int => i64;
        /// A float.
        float => f32;
        /// A text.
        string => &'m str;
        /// Integers.
        ints => &'m [i64];
        /// Floats.
        floats => &'m [f32];
        /// Texts.
        strings => Vec<&'m str>;
        /// A tensor.
        tensor => Tensor;
        /// An element type, which ONNX writes as an integer.
        dtype => DType;
    }

    /// An integer that means yes or no.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, ImportError> {
        self.attributes.flag(name, default).map_err(|reason| self.error(reason))
    }

    /// Whether the attribute is given.
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes.has(name)
    }

    /// An integer as an axis of a tensor of this rank: counted from the front, and inside.
    pub fn axis(&self, name: &str, default: i64, rank: usize) -> Result<usize, ImportError> {
        let axis = self.int(name)?.unwrap_or(default);
        self.normalize_axis(axis, rank)
    }

    /// An axis as ONNX counts it, counted from the front, and inside.
    pub fn normalize_axis(&self, axis: i64, rank: usize) -> Result<usize, ImportError> {
        normalize_axis(axis, rank).map_err(|error| self.error(error.to_string()))
    }

    /// Axes as ONNX counts them, counted from the front, inside, and each at most once.
    pub fn normalize_axes(&self, axes: &[i64], rank: usize) -> Result<Vec<usize>, ImportError> {
        let mut normalized = Vec::new();
        for &axis in axes {
            let axis = self.normalize_axis(axis, rank)?;
            if normalized.contains(&axis) {
                return Err(self.error(format!("the axis {axis} is given twice")));
            }
            normalized.push(axis);
        }
        Ok(normalized)
    }

    // Inputs.

    /// The number of outputs that the node has in the file, unused ones between others included.
    pub fn output_count(&self) -> usize {
        self.node.output.len()
    }

    /// Whether the file uses this output.
    pub fn has_output(&self, index: usize) -> bool {
        self.node.output.get(index).is_some_and(|name| !name.is_empty())
    }

    /// Whether this input is given.
    pub fn has_input(&self, index: usize) -> bool {
        self.slot(index).is_some()
    }

    /// This input as data, which must be given.
    pub fn input(&mut self, index: usize) -> Result<ValueId, ImportError> {
        let slot = self.required_slot(index)?;
        Ok(self.importer.value(slot))
    }

    /// This input as data, if it is given.
    pub fn optional_input(&mut self, index: usize) -> Option<ValueId> {
        let slot = self.slot(index)?;
        Some(self.importer.value(slot))
    }

    /// All inputs as data, as the node has them.
    pub fn all_inputs(&mut self) -> Vec<Option<ValueId>> {
        // An empty name at the end says the same as no name.
        let count = self.inputs.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        (0..count).map(|index| self.optional_input(index)).collect()
    }

    /// The type of this input, which must be given.
    pub fn input_type(&self, index: usize) -> Result<&TensorType, ImportError> {
        Ok(&self.importer.binding(self.required_slot(index)?).ty)
    }

    /// The type of this input, if it is given.
    pub fn optional_input_type(&self, index: usize) -> Option<&TensorType> {
        Some(&self.importer.binding(self.slot(index)?).ty)
    }

    // Values of inputs. To ask for one that depends on an input of the graph fixes that input, so ask only
    // for what is used.

    /// The value of this input, which must be given and known: it decides a shape.
    pub fn required_constant(&mut self, index: usize, name: &str) -> Result<Tensor, ImportError> {
        let slot = self.required_slot(index)?;
        if let Some(tensor) = self.importer.use_known(slot) {
            return Ok(tensor);
        }
        let Binding { name: value, value: id, .. } = self.importer.binding(slot);
        let inputs = self.importer.builder.graph().inputs();
        let reason = if id.is_some_and(|id| inputs.contains(&id)) {
            format!(
                "its `{name}` decides a shape and comes from the input `{value}`, whose value must be given when the model is loaded"
            )
        } else {
            format!(
                "its `{name}` decides a shape, but is `{value}`, which is computed from the data; the values of inputs that it depends on must be given when the model is loaded"
            )
        };
        Err(self.error(reason))
    }

    /// As [`required_constant`](Self::required_constant), for integers of either width.
    pub fn required_i64s(&mut self, index: usize, name: &str) -> Result<Vec<i64>, ImportError> {
        let tensor = self.required_constant(index, name)?;
        if let Ok(values) = tensor.as_slice::<i64>() {
            return Ok(values.to_vec());
        }
        match tensor.as_slice::<i32>() {
            Ok(values) => Ok(values.iter().copied().map(i64::from).collect()),
            Err(_) => {
                Err(self.error(format!("its `{name}` must be integers, not {}", tensor.dtype())))
            }
        }
    }

    /// As [`required_i64s`](Self::required_i64s), for one integer.
    pub fn required_i64(&mut self, index: usize, name: &str) -> Result<i64, ImportError> {
        match self.required_i64s(index, name)?[..] {
            [value] => Ok(value),
            ref values => Err(self.error(format!(
                "its `{name}` must be one integer, but there are {}",
                values.len()
            ))),
        }
    }

    /// As [`required_i64s`](Self::required_i64s), but `None` if the input is not given.
    pub fn optional_i64s(
        &mut self,
        index: usize,
        name: &str,
    ) -> Result<Option<Vec<i64>>, ImportError> {
        if !self.has_input(index) {
            return Ok(None);
        }
        self.required_i64s(index, name).map(Some)
    }

    /// Integers that are an attribute before version `since` of the operators and an input from then on.
    pub fn attribute_or_input(
        &mut self,
        name: &str,
        since: i64,
        index: usize,
    ) -> Result<Option<Vec<i64>>, ImportError> {
        if self.opset < since {
            return Ok(self.ints(name)?.map(<[i64]>::to_vec));
        }
        self.optional_i64s(index, name)
    }

    /// What this node computes, which must follow from what is known.
    pub fn evaluate(&mut self) -> Result<Tensor, ImportError> {
        let (tensors, asked) =
            self.importer.evaluate(self.node, &self.attributes, self.opset, self.inputs);
        for slot in asked {
            if self.importer.use_known(slot).is_none() {
                let index = self.inputs.iter().position(|input| *input == Some(slot));
                self.required_constant(index.expect("one of the inputs was asked for"), "input")?;
            }
        }
        let tensors = tensors.map_err(|reason| self.error(reason))?;
        tensors.into_iter().next().ok_or_else(|| self.error("it has no output"))
    }

    // The graph.

    /// A constant for a value that the file writes as an attribute; `name` is put behind the node's.
    pub fn add_constant(&mut self, name: &str, tensor: Tensor) -> Result<ValueId, ImportError> {
        self.importer.check_weights(&tensor).map_err(|reason| self.error(reason))?;
        Ok(self.importer.builder.constant(format!("{}_{name}", self.label), tensor))
    }

    /// One number in every place of a shape: a constant, or a number that is expanded when the graph runs if
    /// there would be too many constants.
    pub fn fill(
        &mut self,
        name: &str,
        number: &Tensor,
        shape: &[usize],
    ) -> Result<ValueId, ImportError> {
        let ty = TensorType::new(number.dtype(), shape);
        let count = ty.element_count().map_err(|error| self.error(error.to_string()))?;
        let number = number.reshaped(&[]).map_err(|error| self.error(error.to_string()))?;
        if self.importer.spend_constants(count.saturating_mul(number.bytes().len())) {
            let filled = fold::filled(&number, shape).map_err(|reason| self.error(reason))?;
            return self.add_constant(name, filled);
        }
        let number = self.add_constant(name, number)?;
        self.apply(Expand { shape: shape.to_vec() }, &[number])
    }

    /// The type of a value of the graph.
    pub fn ty(&self, value: ValueId) -> &TensorType {
        self.importer.builder.ty(value)
    }

    /// Adds a node, with every output of its operator. There may be several for one node of the file.
    pub fn emit(
        &mut self,
        op: impl Into<Op>,
        inputs: &[Option<ValueId>],
    ) -> Result<Vec<ValueId>, ImportError> {
        self.emit_op(op.into(), inputs)
    }

    // Compiled once, not once for every operator.
    fn emit_op(&mut self, op: Op, inputs: &[Option<ValueId>]) -> Imported {
        let name = match self.emitted {
            0 => self.label.to_owned(),
            number => format!("{}.{number}", self.label),
        };
        self.emitted += 1;
        let outputs = self.importer.builder.named_node(name, op, inputs)?;
        for &output in &outputs {
            let rank = self.ty(output).rank();
            if rank > MAX_RANK {
                return Err(self.error(format!(
                    "its output has {rank} dimensions; at most {MAX_RANK} are supported"
                )));
            }
        }
        Ok(outputs)
    }

    /// Adds a node of one output, all of whose inputs are given.
    pub fn apply(&mut self, op: impl Into<Op>, inputs: &[ValueId]) -> Result<ValueId, ImportError> {
        let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
        Ok(self.emit(op, &inputs)?[0])
    }

    /// Adds a node that takes this node's inputs as they are: all that the simplest importers do.
    pub fn direct(&mut self, op: impl Into<Op>) -> Imported {
        let inputs = self.all_inputs();
        self.emit(op, &inputs)
    }

    fn slot(&self, index: usize) -> Option<Slot> {
        self.inputs.get(index).copied().flatten()
    }

    fn required_slot(&self, index: usize) -> Result<Slot, ImportError> {
        self.slot(index).ok_or_else(|| {
            self.error(format!("input {index} is missing, but the operator requires it"))
        })
    }
}
