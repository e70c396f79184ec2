//! What a collector has gathered until now.

use serde::{Deserialize, Serialize};

use super::{Aggregate, OperationMetrics, SystemReading};
use crate::memory::Holding;

/// What a collector has gathered until now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricsSnapshot {
    /// When the collector was first started, in nanoseconds since 1970-01-01 UTC; 0 if never.
    pub started: u64,
    /// When this was taken, likewise.
    pub taken: u64,
    /// The latest executions, oldest first.
    pub operations: Vec<OperationMetrics>,
    /// Executions that there is no room for any more. The aggregates have them.
    pub dropped: u64,
    /// All executions, by operation and device.
    pub aggregates: Vec<Aggregate>,
    /// What is held for what on which device, if the process's memory is tracked: what
    /// [`memory::tracker`](crate::memory::tracker) was told, and what engines tell of their own memory.
    #[serde(default)]
    pub memory: Vec<Holding>,
    /// What the machine does.
    pub system: SystemReading,
}
