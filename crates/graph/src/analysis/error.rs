//! What can go wrong while a graph is analysed.

use thiserror::Error;

/// A graph of which no plan can be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// A node needs, directly or not, what it computes.
    #[error(
        "node `{node}` reads a value that only it or a later node computes; the graph has a cycle."
    )]
    Cycle {
        /// The node's name.
        node: String,
    },
    /// The buffers do not fit into an address space.
    #[error("no memory can be laid out for the graph: {0}; make its tensors smaller.")]
    Memory(#[from] tachy_plan::PlanError),
}
