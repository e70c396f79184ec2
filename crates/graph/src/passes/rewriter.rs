//! A graph that can be changed: what every pass reads and writes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use super::PassError;
use crate::graph::{FixedInput, Graph, GraphError, Node, Source, Value, ValueId};
use crate::op::elementwise::Unary;
use crate::op::{Inputs, Op, Operator};
use crate::shape::TensorType;
use crate::tensor::Tensor;

/// A graph while it is rewritten. Nodes need not stand in an order in which they can run; [`finish`](Self::finish)
/// restores one that is as near as possible to the old.
pub(super) struct Rewriter {
    name: String,
    values: Vec<Value>,
    /// A node that was removed is `None`.
    nodes: Vec<Option<Node>>,
    /// For each node, the node of the original graph whose place it takes.
    places: Vec<usize>,
    /// For each value, the nodes that read it, once for each read.
    readers: Vec<Vec<usize>>,
    inputs: Vec<ValueId>,
    outputs: Vec<ValueId>,
    fixed_inputs: Vec<FixedInput>,
    /// Values of the original graph come first; they keep their names.
    original_values: usize,
    /// The place that new nodes take.
    place: usize,
}

impl Rewriter {
    pub(super) fn new(graph: &Graph) -> Self {
        let mut readers = vec![Vec::new(); graph.values.len()];
        for (index, node) in graph.nodes.iter().enumerate() {
            for input in node.inputs.iter().flatten() {
                readers[input.index()].push(index);
            }
        }
        let mut rewriter = Self {
            name: graph.name.clone(),
            values: graph.values.clone(),
            nodes: graph.nodes.iter().cloned().map(Some).collect(),
            places: (0..graph.nodes.len()).collect(),
            readers,
            inputs: graph.inputs.clone(),
            outputs: graph.outputs.clone(),
            fixed_inputs: graph.fixed_inputs.clone(),
            original_values: graph.values.len(),
            place: 0,
        };
        for node in (0..rewriter.nodes.len()).rev() {
            rewriter.remove_if_unused(node);
        }
        rewriter
    }

    /// Calls a rule for every node that is there now, in their order. Whether any call changed something.
    pub(super) fn each_node(
        &mut self,
        mut rule: impl FnMut(&mut Self, usize) -> Result<bool, PassError>,
    ) -> Result<bool, PassError> {
        let mut changed = false;
        for node in 0..self.nodes.len() {
            if self.is_there(node) {
                self.stand_at(node);
                changed |= rule(self, node)?;
            }
        }
        Ok(changed)
    }

    /// Whether a node was not removed.
    pub(super) fn is_there(&self, node: usize) -> bool {
        self.nodes[node].is_some()
    }

    /// New nodes take the place of this one from now on.
    pub(super) fn stand_at(&mut self, node: usize) {
        self.place = self.places[node];
    }

    /// A node that was not removed.
    pub(super) fn node(&self, node: usize) -> &Node {
        self.nodes[node].as_ref().expect("the node was not removed")
    }

    /// The only output of a node, or the first.
    pub(super) fn output(&self, node: usize) -> ValueId {
        self.node(node).outputs[0]
    }

    /// The node that computes a value.
    pub(super) fn producer(&self, value: ValueId) -> Option<usize> {
        match self.values[value.index()].source {
            Source::Node { node, .. } => Some(node),
            _ => None,
        }
    }

    /// The node that computes a value as its first output, if nothing else reads the value.
    pub(super) fn only_for(&self, value: ValueId) -> Option<usize> {
        let node = self.producer(value)?;
        (self.uses(value) == 1 && self.output(node) == value).then_some(node)
    }

    /// The operator behind a value that is its node's first output, and the node's inputs.
    pub(super) fn made_by(&self, value: ValueId) -> Option<(&Op, &[Option<ValueId>])> {
        let node = self.node(self.producer(value)?);
        (node.outputs[0] == value).then_some((&node.op, &node.inputs[..]))
    }

    /// The input of a node, if it is given.
    pub(super) fn input(&self, node: usize, index: usize) -> Option<ValueId> {
        self.node(node).inputs.get(index).copied().flatten()
    }

    pub(super) fn ty(&self, value: ValueId) -> &TensorType {
        &self.values[value.index()].ty
    }

    pub(super) fn shape(&self, value: ValueId) -> &[usize] {
        &self.ty(value).shape
    }

    pub(super) fn name(&self, value: ValueId) -> &str {
        &self.values[value.index()].name
    }

    pub(super) fn constant(&self, value: ValueId) -> Option<&Tensor> {
        self.values[value.index()].constant()
    }

    /// How many times a value is read, as a node's input or as an output of the graph.
    pub(super) fn uses(&self, value: ValueId) -> usize {
        self.readers(value).len() + usize::from(self.is_output(value))
    }

    /// The nodes that read a value, once for each read.
    pub(super) fn readers(&self, value: ValueId) -> &[usize] {
        &self.readers[value.index()]
    }

    pub(super) fn is_output(&self, value: ValueId) -> bool {
        self.outputs.contains(&value)
    }

    /// The constants that are read, in their order.
    pub(super) fn constants(&self) -> Vec<ValueId> {
        (0..self.values.len())
            .map(|index| ValueId(index as u32))
            .filter(|id| self.constant(*id).is_some() && self.uses(*id) > 0)
            .collect()
    }

    /// A new constant. If the name is taken in the end, a number is put behind it.
    pub(super) fn add_constant(&mut self, name: impl Into<String>, tensor: Tensor) -> ValueId {
        self.push(name.into(), tensor.ty().clone(), Source::Constant(tensor))
    }

    /// A new node at the place of the one that is looked at; its first output.
    pub(super) fn add(
        &mut self,
        name: impl Into<String>,
        op: impl Into<Op>,
        inputs: &[Option<ValueId>],
    ) -> Result<ValueId, PassError> {
        let (name, op) = (name.into(), op.into());
        let types: Vec<_> = inputs.iter().map(|input| input.map(|id| self.ty(id))).collect();
        let types =
            op.infer(Inputs(&types)).map_err(|source| GraphError::at_node(&name, &op, source))?;
        let node = self.nodes.len();
        let several = types.len() > 1;
        let outputs: Vec<_> = types
            .into_iter()
            .enumerate()
            .map(|(output, ty)| {
                let name = if several { format!("{name}:{output}") } else { name.clone() };
                self.push(name, ty, Source::Node { node, output })
            })
            .collect();
        let first = outputs[0];
        inputs.iter().flatten().for_each(|input| self.readers[input.index()].push(node));
        self.nodes.push(Some(Node { name, op, inputs: inputs.to_vec(), outputs }));
        self.places.push(self.place);
        Ok(first)
    }

    /// As [`add`](Self::add), for operators all of whose inputs are given.
    pub(super) fn apply(
        &mut self,
        name: impl Into<String>,
        op: impl Into<Op>,
        inputs: &[ValueId],
    ) -> Result<ValueId, PassError> {
        let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
        self.add(name, op, &inputs)
    }

    /// Everything that reads `old` reads `new` from now on, which takes over the name if it is itself new. What
    /// nothing reads any more is removed. Whether that changed anything: an output of the graph that is a copy of
    /// an input, a constant or another output stays a copy.
    pub(super) fn replace(&mut self, old: ValueId, new: ValueId) -> Result<bool, PassError> {
        let (old_type, new_type) = (self.ty(old).clone(), self.ty(new));
        assert!(&old_type == new_type, "{}: {old_type} became {new_type}", self.name(old));
        let mut changed = false;
        let readers = std::mem::take(&mut self.readers[old.index()]);
        for reader in &readers {
            let node = self.nodes[*reader].as_mut().expect("a removed node reads nothing");
            node.inputs.iter_mut().flatten().filter(|id| **id == old).for_each(|id| *id = new);
            changed = true;
        }
        self.readers[new.index()].extend(readers);
        let name = self.name(old).to_owned();
        let own_name = new.index() < self.original_values || self.is_output(new);
        if !own_name && self.producer(new).is_some() {
            self.values[new.index()].name.clone_from(&name);
        }
        if let Some(slot) = self.outputs.iter().position(|output| *output == old) {
            if self.producer(new).is_some() && !self.is_output(new) {
                self.outputs[slot] = new;
                self.values[new.index()].name = name;
                changed = true;
            } else if !matches!(self.made_by(old), Some((Op::Unary(Unary::Identity), _))) {
                self.outputs[slot] = self.apply(name, Unary::Identity, &[new])?;
                changed = true;
            }
        }
        if let Some(node) = self.producer(old) {
            self.remove_if_unused(node);
        }
        Ok(changed)
    }

    /// Removes a node none of whose outputs is read, and then those that only it read.
    fn remove_if_unused(&mut self, node: usize) {
        let mut pending = vec![node];
        while let Some(index) = pending.pop() {
            let unused = self.nodes[index]
                .as_ref()
                .is_some_and(|node| node.outputs.iter().all(|output| self.uses(*output) == 0));
            if !unused {
                continue;
            }
            let node = self.nodes[index].take().expect("it is there, as was just seen");
            for input in node.inputs.iter().flatten() {
                let readers = &mut self.readers[input.index()];
                let read = readers.iter().position(|reader| *reader == index);
                readers.swap_remove(read.expect("a node is among the readers of its inputs"));
                pending.extend(self.producer(*input));
            }
        }
    }

    /// The nodes in an order in which they can run: of those that can, the one whose place is first.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut missing = vec![0usize; self.nodes.len()];
        let mut ready = BinaryHeap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let Some(node) = node else { continue };
            let computed = node.inputs.iter().flatten().filter(|id| self.producer(**id).is_some());
            missing[index] = computed.count();
            if missing[index] == 0 {
                ready.push(Reverse((self.places[index], index)));
            }
        }
        let mut order = Vec::new();
        while let Some(Reverse((_, index))) = ready.pop() {
            order.push(index);
            for reader in self.node(index).outputs.iter().flat_map(|output| self.readers(*output)) {
                missing[*reader] -= 1;
                if missing[*reader] == 0 {
                    ready.push(Reverse((self.places[*reader], *reader)));
                }
            }
        }
        order
    }

    /// The graph that came of it, without what no output needs.
    pub(super) fn finish(self) -> Graph {
        let order = self.order();
        let used = |id: &ValueId| self.uses(*id) > 0 || self.inputs.contains(id);
        // Inputs first and then constants and results in the order of their first use.
        let mut kept: Vec<ValueId> = self.inputs.clone();
        let mut new_ids: Vec<Option<ValueId>> = vec![None; self.values.len()];
        for node in &order {
            let node = self.node(*node);
            kept.extend(node.inputs.iter().flatten().filter(|id| self.constant(**id).is_some()));
            kept.extend(&node.outputs);
        }
        kept.extend(&self.outputs);
        kept.retain({
            let mut seen = HashSet::new();
            let outputs: HashSet<_> =
                order.iter().flat_map(|node| &self.node(*node).outputs).copied().collect();
            move |id| (used(id) || outputs.contains(id)) && seen.insert(*id)
        });
        for (new, old) in kept.iter().enumerate() {
            new_ids[old.index()] = Some(ValueId(new as u32));
        }
        let mut new_nodes = vec![0; self.nodes.len()];
        for (new, old) in order.iter().enumerate() {
            new_nodes[*old] = new;
        }
        let map = |id: ValueId| new_ids[id.index()].expect("what is read is kept");
        let names = self.final_names(&kept);
        let values = kept.iter().zip(names).map(|(id, name)| {
            let Value { ty, source, .. } = self.values[id.index()].clone();
            let source = match source {
                Source::Node { node, output } => Source::Node { node: new_nodes[node], output },
                other => other,
            };
            Value { name, ty, source }
        });
        let nodes = order.iter().map(|node| {
            let mut node = self.node(*node).clone();
            node.inputs.iter_mut().flatten().for_each(|id| *id = map(*id));
            node.outputs.iter_mut().for_each(|id| *id = map(*id));
            node
        });
        Graph {
            name: self.name.clone(),
            values: values.collect(),
            nodes: nodes.collect(),
            inputs: self.inputs.iter().copied().map(map).collect(),
            outputs: self.outputs.iter().copied().map(map).collect(),
            fixed_inputs: self
                .fixed_inputs
                .iter()
                .map(|fixed| FixedInput { input: map(fixed.input), value: fixed.value.clone() })
                .collect(),
        }
    }

    /// Unique names: inputs and outputs keep theirs first, then the values of the original graph.
    fn final_names(&self, kept: &[ValueId]) -> Vec<String> {
        let rank = |id: &ValueId| {
            let interface = self.inputs.contains(id) || self.outputs.contains(id);
            (!interface, id.index() >= self.original_values, id.index())
        };
        let mut by_rank: Vec<usize> = (0..kept.len()).collect();
        by_rank.sort_by_key(|place| rank(&kept[*place]));
        let mut names = vec![String::new(); kept.len()];
        let mut taken = HashSet::new();
        for place in by_rank {
            let stem = self.name(kept[place]);
            let name = std::iter::once(stem.to_owned())
                .chain((1..).map(|number| format!("{stem}_{number}")))
                .find(|name| !taken.contains(name))
                .expect("there are more numbers than values");
            taken.insert(name.clone());
            names[place] = name;
        }
        names
    }

    fn push(&mut self, name: String, ty: TensorType, source: Source) -> ValueId {
        let id = ValueId(u32::try_from(self.values.len()).expect("fewer than 2³² values"));
        self.values.push(Value { name, ty, source });
        self.readers.push(Vec::new());
        id
    }
}
