//! What measuring functions leaves behind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::measurement::{Measurement, Metric};
use crate::record::{Stage, WarmUp};

/// The version of the format that this version of Tachy writes.
pub const FORMAT: u32 = 1;

/// All benchmarks of one program: the record that reports are made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this format.
    pub format: u32,
    /// When it began: milliseconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long it took, in seconds.
    pub duration: f64,
    /// How it was measured.
    pub settings: Settings,
    /// Where.
    pub environment: Environment,
    /// The time of [a kernel that never changes](crate::MachineSpeed), taken in every process beside its own samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_speed: Option<Measurement>,
    /// The benchmarks, in the program's order.
    pub benchmarks: Vec<Benchmark>,
}

/// How the benchmarks were measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Seconds of measuring asked for, for each benchmark.
    pub seconds: f64,
    /// Processes of each benchmark.
    pub processes: usize,
    /// Seed of the order.
    pub seed: u64,
}

/// One benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Benchmark {
    /// The name with the parameters, as people read it: `sorting::stable(n=1000)`.
    pub id: String,
    /// The name: `sorting::stable`.
    pub name: String,
    /// The parameters: `n` is `1000`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// What one iteration works through, where the benchmark says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Throughput>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What one iteration works through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Throughput {
    /// So many bytes.
    Bytes(u64),
    /// So many things.
    Items(u64),
}

impl Throughput {
    /// How many bytes or things.
    pub const fn amount(self) -> u64 {
        match self {
            Throughput::Bytes(amount) | Throughput::Items(amount) => amount,
        }
    }
}

/// What came of a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Outcome {
    /// It was timed.
    Measured {
        /// One for each metric: the time of an iteration and, where they were counted, its allocations.
        measurements: Vec<Measurement>,
        /// How each process warmed up.
        warm_ups: Vec<WarmUp>,
    },
    /// It failed, panicked, crashed or hung.
    Failed {
        /// What it was doing.
        stage: Stage,
        /// What happened, as a sentence.
        message: String,
    },
}

impl Outcome {
    /// The measurement of one metric.
    pub fn metric(&self, metric: Metric) -> Option<&Measurement> {
        match self {
            Outcome::Measured { measurements, .. } => {
                measurements.iter().find(|measurement| measurement.metric == metric)
            }
            Outcome::Failed { .. } => None,
        }
    }
}
