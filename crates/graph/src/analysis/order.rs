//! The order in which nodes run.

use super::AnalysisError;
use crate::graph::{Graph, Source};

impl Graph {
    /// The nodes, by their places in [`nodes`](Self::nodes), in an order in which each comes after all that it reads.
    ///
    /// # Errors
    /// If there is none, because the graph has a cycle. A graph from a builder, an importer or a pass has none.
    pub fn topological_sort(&self) -> Result<Vec<usize>, AnalysisError> {
        for (place, node) in self.nodes().iter().enumerate() {
            let late = |id: &crate::ValueId| match self.value(*id).source {
                Source::Node { node, .. } => node >= place,
                _ => false,
            };
            if node.inputs.iter().flatten().any(late) {
                return Err(AnalysisError::Cycle { node: node.name.clone() });
            }
        }
        // Nodes are kept in such an order; the check above has seen it.
        Ok((0..self.nodes().len()).collect())
    }
}
