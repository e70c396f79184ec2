//! A node, and what it has at hand while it is lowered.

use std::cell::RefCell;
use std::collections::HashMap;

use tachy_graph::{DType, Graph, Node, Operator, Tensor, TensorType};
use tachy_runtime::{Error, Result};

use crate::array::Array;
use crate::backend::NAME;
use crate::element::Element;
use crate::stream::Stream;

/// A node with the arrays that it reads.
pub(super) struct Context<'a> {
    pub(super) stream: &'a Stream,
    pub(super) graph: &'a Graph,
    pub(super) node: &'a Node,
    pub(super) index: usize,
    pub(super) inputs: Vec<Option<Array>>,
    /// Which of the inputs are known when the program is made.
    pub(super) constant: Vec<bool>,
    pub(super) derived: &'a RefCell<HashMap<(usize, u32), Array>>,
}

impl Context<'_> {
    /// An input that must be there.
    pub(super) fn input(&self, index: usize) -> Result<&Array> {
        self.optional(index).ok_or_else(|| self.unsupported("an input is missing"))
    }

    /// An input that may be left out.
    pub(super) fn optional(&self, index: usize) -> Option<&Array> {
        self.inputs.get(index)?.as_ref()
    }

    /// The type of an input that must be there.
    pub(super) fn ty(&self, index: usize) -> Result<&TensorType> {
        let id = self.node.inputs.get(index).copied().flatten();
        let id = id.ok_or_else(|| self.unsupported("an input is missing"))?;
        Ok(&self.graph.value(id).ty)
    }

    /// The shape of an input that must be there.
    pub(super) fn shape(&self, index: usize) -> Result<&[usize]> {
        Ok(&self.ty(index)?.shape)
    }

    /// The type of an output.
    pub(super) fn output(&self, index: usize) -> &TensorType {
        &self.graph.value(self.node.outputs[index]).ty
    }

    /// A number of an array's element type.
    pub(super) fn number(&self, value: f64, like: &Array) -> Result<Array> {
        self.scalar(value, like.element())
    }

    /// A number. It is a constant, which MLX writes into the kernels that it compiles.
    pub(super) fn scalar(&self, value: f64, element: Element) -> Result<Array> {
        Array::new(&Tensor::scalar(value).cast(element.to_dtype()?, Default::default())?)
    }

    /// An array of indices.
    pub(super) fn indices(&self, indices: &[i32]) -> Result<Array> {
        Array::new(&Tensor::new(&[indices.len()], indices)?)
    }

    /// Floats of a shape.
    pub(super) fn floats(
        &self,
        shape: &[usize],
        elements: &[f32],
        element: Element,
    ) -> Result<Array> {
        let tensor = Tensor::new(shape, elements)?;
        Array::new(&tensor.cast(element.to_dtype()?, Default::default())?)
    }

    /// What is built of these inputs is kept if all of them are known. `number` tells what a node derives apart.
    pub(super) fn derive(
        &self,
        number: u32,
        inputs: &[usize],
        build: impl FnOnce() -> Result<Array>,
    ) -> Result<Array> {
        let known = |input: &usize| {
            self.optional(*input).is_none() || self.constant.get(*input).copied().unwrap_or(false)
        };
        if !inputs.iter().all(known) {
            return build();
        }
        let key = (self.index, number);
        if let Some(array) = self.derived.borrow().get(&key) {
            return Ok(array.clone());
        }
        let array = self.stream.contiguous(&build()?)?;
        self.derived.borrow_mut().insert(key, array.clone());
        Ok(array)
    }

    /// The operator, or this use of it, has nothing in MLX.
    pub(super) fn unsupported(&self, detail: &str) -> Error {
        Error::UnsupportedOperator {
            backend: NAME,
            operator: self.node.op.name().to_owned(),
            node: self.node.name.clone(),
            detail: detail.to_owned(),
        }
    }

    /// An error of MLX's while the node is lowered: it refuses this use of its operations.
    pub(super) fn explain(&self, error: Error) -> Error {
        match error {
            Error::Engine { message, .. } => {
                self.unsupported(&format!("MLX refuses it: {}", message.trim_end_matches('.')))
            }
            other => other,
        }
    }

    /// Refuses element types that are only stored.
    pub(super) fn expect_numbers(&self) -> Result<()> {
        for id in self.node.inputs.iter().flatten() {
            let dtype = self.graph.value(*id).ty.dtype;
            if dtype != DType::Bool && !dtype.is_number() {
                return Err(self.unsupported(&format!("MLX does not compute with {dtype}")));
            }
        }
        Ok(())
    }
}
