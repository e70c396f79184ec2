//! What a graph is going to need: an order, memory, time; and what would make it faster.
//!
//! - [`Graph::topological_sort`](crate::Graph::topological_sort)
//! - [`Graph::find_fusion_opportunities`](crate::Graph::find_fusion_opportunities)
//! - [`Graph::optimize_memory_layout`](crate::Graph::optimize_memory_layout)
//! - [`Graph::generate_execution_plan`](crate::Graph::generate_execution_plan)

mod error;
mod execution;
mod memory;
mod opportunities;
mod order;

pub use error::AnalysisError;
pub use execution::{ExecutionPlan, ExecutionStep};
pub use memory::{MemoryGroup, MemoryPlan};
pub use opportunities::FusionOpportunity;
