//! A graph with its constants on the device.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use tachy_graph::{Graph, ValueId};
use tachy_runtime::{Error, Result};

use super::context::Context;
use super::lower;
use crate::array::Array;
use crate::backend::NAME;
use crate::element::Element;
use crate::failure::failed;
use crate::memory;
use crate::stream::{Stream, Unit};

/// A graph that can be written as operations of MLX's again and again.
///
/// Whatever depends on constants alone is computed when it is made: nodes, and other layouts of weights.
pub(crate) struct Program {
    graph: Graph,
    stream: Rc<Stream>,
    /// The values that are known, by their place in the graph.
    constants: HashMap<ValueId, Array>,
    /// What nodes have derived from constants, by the node's place and a number of the node's own.
    derived: RefCell<HashMap<(usize, u32), Array>>,
}

impl Program {
    /// Uploads the constants and writes the graph once, so that whatever MLX lacks is told now.
    ///
    /// # Errors
    /// If MLX lacks an operator or an element type, or a value is larger than the memory limit.
    pub(crate) fn new(graph: Graph, stream: Rc<Stream>) -> Result<Self> {
        check_values(&graph, stream.unit())?;
        let mut program =
            Self { graph, stream, constants: HashMap::new(), derived: RefCell::default() };
        // What a node reads last is not needed after it, but outputs and unread constants are few.
        for value in program.read_values() {
            if let Some(tensor) = program.graph.value(value).constant() {
                let array = program.stream.upload(tensor)?;
                program.constants.insert(value, array);
            }
        }
        program.fold()?;
        let inputs = program.graph.inputs().iter().map(|id| {
            let ty = &program.graph.value(*id).ty;
            program.stream.full(&ty.shape, 0.0, Element::of(ty.dtype))
        });
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        program.outputs(&inputs)?;
        let derived: Vec<Array> = program.derived.borrow().values().cloned().collect();
        program.stream.eval(&derived)?;
        Ok(program)
    }

    /// The values that nodes read or the graph gives.
    fn read_values(&self) -> Vec<ValueId> {
        let counts = self.graph.use_counts();
        let nodes =
            self.graph.nodes().iter().flat_map(|node| node.inputs.iter().flatten().copied());
        let mut values: Vec<ValueId> = nodes.chain(self.graph.outputs().iter().copied()).collect();
        values.retain(|value| counts[value.index()] > 0);
        values
    }

    /// Computes the nodes that depend on constants alone.
    fn fold(&mut self) -> Result<()> {
        let mut made = Vec::new();
        for index in 0..self.graph.nodes().len() {
            let node = &self.graph.nodes()[index];
            let constant = |id: &ValueId| self.constants.contains_key(id);
            if !node.inputs.iter().flatten().all(constant) {
                continue;
            }
            let outputs = self.node(index, &self.constants)?;
            for (id, array) in node.outputs.clone().into_iter().zip(outputs) {
                let array = self.stream.contiguous(&array)?;
                made.push(array.clone());
                self.constants.insert(id, array);
            }
        }
        self.stream.eval(&made)
    }

    /// Writes the graph for these inputs.
    ///
    /// # Errors
    /// If MLX refuses an operation.
    pub(crate) fn outputs(&self, inputs: &[Array]) -> Result<Vec<Array>> {
        let mut values: HashMap<ValueId, Array> = HashMap::with_capacity(self.graph.values().len());
        values.extend(self.graph.inputs().iter().copied().zip(inputs.iter().cloned()));
        for (index, node) in self.graph.nodes().iter().enumerate() {
            if node.outputs.iter().all(|id| self.constants.contains_key(id)) {
                continue;
            }
            let outputs = self.node(index, &values)?;
            values.extend(node.outputs.iter().copied().zip(outputs));
        }
        let outputs = self.graph.outputs().iter().map(|id| {
            let array = values.get(id).or_else(|| self.constants.get(id));
            let array = array.ok_or_else(|| failed("build the graph", "an output is missing"))?;
            self.stream.contiguous(array)
        });
        outputs.collect()
    }

    fn node(&self, index: usize, values: &HashMap<ValueId, Array>) -> Result<Vec<Array>> {
        let node = &self.graph.nodes()[index];
        let find = |id: &ValueId| values.get(id).or_else(|| self.constants.get(id)).cloned();
        let inputs = node.inputs.iter().map(|id| id.as_ref().and_then(find)).collect();
        let is_constant =
            |id: &Option<ValueId>| id.is_some_and(|id| self.constants.contains_key(&id));
        let cx = Context {
            stream: &self.stream,
            graph: &self.graph,
            node,
            index,
            inputs,
            constant: node.inputs.iter().map(is_constant).collect(),
            derived: &self.derived,
        };
        let outputs = lower(&cx).map_err(|error| cx.explain(error))?;
        let expected = node.outputs.iter().map(|id| &self.graph.value(*id).ty);
        let checked = outputs.into_iter().zip(expected).map(|(array, ty)| {
            let array = self.stream.cast(&array, Element::of(ty.dtype))?;
            if array.shape() == ty.shape {
                return Ok(array);
            }
            let (found, expected) = (array.shape(), &ty.shape);
            Err(cx.unsupported(&format!("MLX gives the shape {found:?} instead of {expected:?}")))
        });
        let outputs = checked.collect::<Result<Vec<_>>>()?;
        if outputs.len() == node.outputs.len() {
            return Ok(outputs);
        }
        Err(cx.unsupported("an output is missing"))
    }
}

/// Refuses what MLX could not hold: its allocator for processors does not survive an impossible size.
fn check_values(graph: &Graph, unit: Unit) -> Result<()> {
    let limit = memory::figures()?.limit;
    let mut constants = 0u64;
    for value in graph.values() {
        let size = value.ty.element_count().unwrap_or(usize::MAX) as u64;
        let bytes = size.saturating_mul(value.ty.dtype.size() as u64);
        constants += if value.constant().is_some() { bytes } else { 0 };
        if bytes > limit || constants > limit {
            return Err(failed(
                "prepare the model",
                format!(
                    "`{}` ({}) is beyond its memory limit of {limit} bytes",
                    value.name, value.ty
                ),
            ));
        }
        if unit == Unit::Gpu && Element::of(value.ty.dtype) == Element::F64 {
            let detail =
                format!("`{}` is {}, and MLX has f64 on the processor only", value.name, value.ty);
            return Err(Error::UnsupportedOption { backend: NAME, detail });
        }
    }
    Ok(())
}
