//! What the harness and its child processes say to each other: one JSON object a line.

use serde::{Deserialize, Serialize};

use super::record::Throughput;

/// The only request: measure this benchmark.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Request {
    /// The benchmark's name with its parameters.
    pub id: String,
    /// Seconds of measuring.
    pub seconds: f64,
    /// Seconds that warming up may take.
    pub warm_up: f64,
}

/// The answers, in this order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply")]
pub(super) enum Reply {
    FirstCall {
        seconds: f64,
    },
    WarmedUp {
        calls: usize,
        seconds: f64,
        steady: bool,
        sample_seconds: f64,
    },
    /// The samples, and those of the kernel that never changes.
    Sampled {
        samples: Vec<f64>,
        iterations: u32,
        machine: Vec<f64>,
    },
    Finished {
        counted: Option<Counted>,
        throughput: Option<Throughput>,
    },
    Failed {
        message: String,
    },
}

/// What was allocated in so many iterations.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Counted {
    pub iterations: u32,
    pub allocations: u64,
    pub bytes: u64,
}
