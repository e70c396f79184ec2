//! Where fusion would pay, and how much.

use std::collections::HashSet;

use crate::cost::{Cost, MachineModel, bytes};
use crate::graph::{Graph, ValueId};
use crate::op::Operator;
use crate::passes::fusion_groups;

/// Nodes that can be carried out as one.
#[derive(Debug, Clone, PartialEq)]
pub struct FusionOpportunity {
    /// The operators, first to last: `Conv + BatchNormalization + Relu`.
    pub pattern: String,
    /// The nodes, by their places in [`Graph::nodes`].
    pub nodes: Vec<usize>,
    /// How many times faster than one after the other they are together, by the cost model.
    pub estimated_speedup: f64,
}

impl Graph {
    /// The groups of nodes that the passes make one of: operators with epilogues, element-wise expressions, batch
    /// normalisation that goes into weights, and quantisation that undoes dequantisation. Estimated for the default
    /// [`MachineModel`].
    pub fn find_fusion_opportunities(&self) -> Vec<FusionOpportunity> {
        self.find_fusion_opportunities_on(&MachineModel::default())
    }

    /// As [`find_fusion_opportunities`](Self::find_fusion_opportunities), estimated for a machine.
    pub fn find_fusion_opportunities_on(&self, machine: &MachineModel) -> Vec<FusionOpportunity> {
        let groups = fusion_groups(self).into_iter();
        groups.map(|group| self.opportunity(group.nodes, &group.free, machine)).collect()
    }

    /// `free` are those of the nodes that cost nothing once they are fused.
    fn opportunity(
        &self,
        nodes: Vec<usize>,
        free: &[usize],
        machine: &MachineModel,
    ) -> FusionOpportunity {
        let cost = |node: &usize| self.cost(&self.nodes()[*node]);
        let before: f64 = nodes.iter().map(|node| machine.seconds(&cost(node))).sum();
        let after = machine.seconds(&self.fused_cost(&nodes, free));
        let names = nodes.iter().map(|node| self.nodes()[*node].op.name());
        FusionOpportunity {
            pattern: names.collect::<Vec<_>>().join(" + "),
            estimated_speedup: before / after,
            nodes,
        }
    }

    /// All arithmetic, but only the memory traffic from and to outside.
    fn fused_cost(&self, nodes: &[usize], free: &[usize]) -> Cost {
        let paid = || nodes.iter().filter(|node| !free.contains(node));
        let flops = paid().map(|node| self.cost(&self.nodes()[*node]).flops).sum();
        if paid().next().is_none() {
            return Cost::default();
        }
        let members: HashSet<usize> = nodes.iter().copied().collect();
        let outputs = || nodes.iter().flat_map(|node| &self.nodes()[*node].outputs);
        let inside: HashSet<ValueId> = outputs().copied().collect();
        let inputs: HashSet<ValueId> = paid()
            .flat_map(|node| self.nodes()[*node].inputs.iter().flatten())
            .filter(|id| !inside.contains(id))
            .copied()
            .collect();
        let readers = |id: ValueId| {
            let all = self.nodes().iter().enumerate();
            all.filter(move |(_, node)| node.inputs.contains(&Some(id))).map(|(place, _)| place)
        };
        let leaves = |id: &&ValueId| {
            self.outputs().contains(id) || readers(**id).any(|reader| !members.contains(&reader))
        };
        let size = |id: &ValueId| bytes(&self.value(*id).ty);
        Cost {
            flops,
            bytes_read: inputs.iter().map(size).sum(),
            bytes_written: outputs().filter(leaves).map(size).sum(),
        }
    }
}
