//! What one process cost.

use std::process::ExitStatus;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wait4::ResUse;

use super::counters::Counts;
use crate::measurement::Metric;

/// What one process cost, with the children that it waited for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// From before its start to after its end, in seconds.
    pub time: f64,
    /// Processor time in user mode, in seconds.
    pub user: f64,
    /// Processor time in the system, in seconds.
    pub system: f64,
    /// The most memory that it, or one of its children, ever held, in bytes.
    pub peak_memory: u64,
    /// Instructions retired in user mode, where the kernel counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<u64>,
    /// Cycles in user mode, where the kernel counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycles: Option<u64>,
    /// Its exit code; `None` if a signal ended it.
    pub exit_code: Option<i32>,
}

/// The metrics that a process may have, in the order in which they are told.
pub(super) const METRICS: [Metric; 5] =
    [Metric::Time, Metric::ProcessorTime, Metric::PeakMemory, Metric::Instructions, Metric::Cycles];

impl Usage {
    pub(super) fn new(time: Duration, end: &ResUse, counts: Counts) -> Self {
        let status: ExitStatus = end.status;
        Self {
            time: time.as_secs_f64(),
            user: end.rusage.utime.as_secs_f64(),
            system: end.rusage.stime.as_secs_f64(),
            peak_memory: end.rusage.maxrss,
            instructions: counts.instructions,
            cycles: counts.cycles,
            exit_code: status.code(),
        }
    }

    /// The value of a metric, in the metric's unit; `None` where it was not measured, or is too small to be.
    pub fn value(&self, metric: Metric) -> Option<f64> {
        let value = match metric {
            Metric::Time => self.time,
            Metric::ProcessorTime => self.user + self.system,
            Metric::PeakMemory => self.peak_memory as f64,
            Metric::Instructions => self.instructions? as f64,
            Metric::Cycles => self.cycles? as f64,
            _ => return None,
        };
        (value > 0.0).then_some(value)
    }
}
