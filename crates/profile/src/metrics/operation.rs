//! One execution of an operation, and what was special about it.

use serde::{Deserialize, Serialize};

/// Under what circumstances an operation ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OperationContext {
    /// The operation as the caller's program calls it.
    pub operation_name: String,
    /// How many items one execution works on. Throughput counts items; 0 counts as 1.
    pub batch_size: u64,
    /// Tokens, frames or samples of an item.
    pub sequence_length: Option<u64>,
    /// Parameters of the model.
    pub model_parameters: Option<u64>,
    /// `f32`, `f16`, `int8`.
    pub precision: String,
    /// What the engine was told: `O2`, `all`.
    pub optimization_level: String,
    /// Whether several threads work on one execution.
    pub parallel_execution: bool,
}

/// One execution of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationMetrics {
    /// When it was told, in nanoseconds since 1970-01-01 UTC.
    pub at: u64,
    /// Which operation.
    pub operation: String,
    /// Where it ran.
    pub device: String,
    /// How long it took, in nanoseconds.
    pub duration: u64,
    /// The shapes of its tensors.
    pub shapes: Vec<Vec<usize>>,
    /// Its circumstances.
    pub context: OperationContext,
}
