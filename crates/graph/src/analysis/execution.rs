//! A whole run, estimated.

use super::{AnalysisError, FusionOpportunity, MemoryPlan};
use crate::cost::{Cost, MachineModel};
use crate::graph::Graph;

/// What a run of the graph, as it is, is going to take.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionPlan {
    /// The nodes in their order, with what each costs.
    pub steps: Vec<ExecutionStep>,
    /// What could be fused.
    pub fusion_opportunities: Vec<FusionOpportunity>,
    /// Where the values lie.
    pub memory_plan: MemoryPlan,
    /// Bytes of the constants and of the arena.
    pub estimated_memory_usage: u64,
    /// Seconds for one run.
    pub estimated_execution_time: f64,
}

/// One node of an [`ExecutionPlan`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExecutionStep {
    /// The node's place in [`Graph::nodes`].
    pub node: usize,
    /// Its work.
    pub cost: Cost,
    /// Estimated seconds.
    pub seconds: f64,
}

impl Graph {
    /// The order, the memory and the time of one run, for the default [`MachineModel`].
    ///
    /// # Errors
    /// As [`topological_sort`](Self::topological_sort) and
    /// [`optimize_memory_layout`](Self::optimize_memory_layout).
    pub fn generate_execution_plan(&self) -> Result<ExecutionPlan, AnalysisError> {
        self.generate_execution_plan_on(&MachineModel::default())
    }

    /// As [`generate_execution_plan`](Self::generate_execution_plan), for a machine.
    ///
    /// # Errors
    /// The same.
    pub fn generate_execution_plan_on(
        &self,
        machine: &MachineModel,
    ) -> Result<ExecutionPlan, AnalysisError> {
        let steps: Vec<ExecutionStep> = self
            .topological_sort()?
            .into_iter()
            .map(|node| {
                let cost = self.cost(&self.nodes()[node]);
                ExecutionStep { node, cost, seconds: machine.seconds(&cost) }
            })
            .collect();
        let memory_plan = self.optimize_memory_layout()?;
        let constants = self.values().iter().filter_map(|value| value.constant());
        let constants: u64 = constants.map(|tensor| tensor.bytes().len() as u64).sum();
        Ok(ExecutionPlan {
            estimated_memory_usage: constants.saturating_add(memory_plan.peak),
            estimated_execution_time: steps.iter().map(|step| step.seconds).sum(),
            fusion_opportunities: self.find_fusion_opportunities_on(machine),
            memory_plan,
            steps,
        })
    }
}
