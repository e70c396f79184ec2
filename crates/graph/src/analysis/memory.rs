//! Memory laid out ahead of time.

use std::collections::BTreeMap;

use tachy_plan::{Buffer, Limits, Problem, plan};

use super::AnalysisError;
use crate::graph::{Graph, Node, Source, ValueId};
use crate::op::Op;

/// Where every value that is not a constant lies in one arena.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Values that begin at the same place, one after the other; by that place.
    pub memory_groups: Vec<MemoryGroup>,
    /// Bytes of the arena.
    pub peak: u64,
    /// Bytes that no arena can do without.
    pub lower_bound: u64,
    /// Bytes that all values would take, each with memory of its own.
    pub unshared: u64,
    /// Bytes that sharing saves.
    pub saved: u64,
}

/// Values that take turns in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryGroup {
    /// Where they begin, in bytes from the arena's start.
    pub offset: u64,
    /// Bytes of the largest.
    pub size: u64,
    /// The values, in the order in which they are computed.
    pub values: Vec<ValueId>,
}

impl Graph {
    /// Places for all inputs and results: a value gives its memory free after its last reader has run, a reshaped one
    /// is a view, and element-wise operators work in place where they can. The graph's own inputs and outputs share
    /// with nothing.
    ///
    /// # Errors
    /// If all values together are larger than an address space.
    pub fn optimize_memory_layout(&self) -> Result<MemoryPlan, AnalysisError> {
        let values: Vec<ValueId> = (0..self.values().len())
            .map(|index| ValueId(index as u32))
            .filter(|id| !matches!(self.value(*id).source, Source::Constant(_)))
            .collect();
        let mut places = vec![None; self.values().len()];
        for (place, id) in values.iter().enumerate() {
            places[id.index()] = Some(place);
        }
        let mut last_use = vec![0; self.values().len()];
        for (step, node) in self.nodes().iter().enumerate() {
            for id in node.inputs.iter().flatten().chain(&node.outputs) {
                last_use[id.index()] = step as u64;
            }
        }
        let buffers: Vec<Buffer> = values
            .iter()
            .map(|id| {
                let value = self.value(*id);
                let size = (value.ty.element_count().unwrap_or(usize::MAX) as u64)
                    .saturating_mul(value.ty.dtype.size() as u64);
                let Source::Node { node, .. } = value.source else {
                    return Buffer::new(0..last_use[id.index()] + 1, size).persistent();
                };
                let buffer = Buffer::new(node as u64..last_use[id.index()] + 1, size);
                if self.outputs().contains(id) {
                    return buffer.persistent();
                }
                let node = &self.nodes()[node];
                let source = |id: ValueId| places[id.index()];
                match self.shared_operand(node, *id) {
                    Some(operand) if matches!(node.op, Op::Reshape(_)) => {
                        source(operand).map_or(buffer.clone(), |place| buffer.part_of(place, 0))
                    }
                    Some(operand) => {
                        source(operand).map_or(buffer.clone(), |place| buffer.in_place_of(place))
                    }
                    None => buffer,
                }
            })
            .collect();
        let unshared = buffers
            .iter()
            .filter(|buffer| buffer.alias.is_none())
            .fold(0u64, |sum, buffer| sum.saturating_add(buffer.size));
        let plan = plan(&Problem::new(buffers.clone()), &Limits::default())?;
        let mut groups: BTreeMap<u64, MemoryGroup> = BTreeMap::new();
        for ((id, buffer), offset) in values.iter().zip(&buffers).zip(&plan.offsets) {
            let group = groups.entry(*offset).or_insert_with(|| MemoryGroup {
                offset: *offset,
                size: 0,
                values: Vec::new(),
            });
            group.size = group.size.max(buffer.size);
            group.values.push(*id);
        }
        Ok(MemoryPlan {
            memory_groups: groups.into_values().collect(),
            peak: plan.peak,
            lower_bound: plan.lower_bound,
            unshared,
            saved: unshared.saturating_sub(plan.peak),
        })
    }

    /// The operand whose memory a node's output can use: what a view shows, or what an element-wise operator reads
    /// at the same places as it writes.
    fn shared_operand(&self, node: &Node, output: ValueId) -> Option<ValueId> {
        let operand = |id: &&ValueId| {
            let value = self.value(**id);
            let same_size = match node.op {
                Op::Reshape(_) => true,
                _ => value.ty == self.value(output).ty,
            };
            same_size && value.constant().is_none()
        };
        let elementwise = matches!(
            node.op,
            Op::Reshape(_)
                | Op::Unary(_)
                | Op::Binary(_)
                | Op::Variadic(_)
                | Op::Clip(_)
                | Op::Pointwise(_)
        );
        elementwise.then(|| node.inputs.iter().flatten().find(operand).copied()).flatten()
    }
}
