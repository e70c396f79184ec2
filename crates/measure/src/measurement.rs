//! Samples with what they are samples of: the metric, the unit, the process.

use serde::{Deserialize, Serialize};
use tachy_stats::Samples;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// From the model's bytes to an executable: once a process.
    Compile,
    /// The first bind, run and fetch after compiling: once a process.
    FirstCall,
    /// Handing the inputs over.
    Upload,
    /// Computing.
    Run,
    /// Copying the outputs back.
    Fetch,
    /// Upload, run and fetch, timed as one from outside.
    Call,
    /// The most memory that the process ever held (resident set).
    PeakMemory,
    /// A whole program, or one iteration of a benchmark, by the clock on the wall.
    Time,
    /// The time that processors worked for it, in user and system mode.
    ProcessorTime,
    /// Instructions that it retired.
    Instructions,
    /// Processor cycles that it took.
    Cycles,
    /// Allocations that it made.
    Allocations,
    /// Bytes that it allocated.
    AllocatedBytes,
    /// What one call spends by the counters of what computes it, whoever else works there: one sample a block.
    Energy,
    /// The mean power of that meanwhile.
    Power,
}

impl Metric {
    /// The name for people and for files.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::Compile => "compile",
            Metric::FirstCall => "first call",
            Metric::Upload => "upload",
            Metric::Run => "run",
            Metric::Fetch => "fetch",
            Metric::Call => "call",
            Metric::PeakMemory => "peak memory",
            Metric::Time => "time",
            Metric::ProcessorTime => "processor time",
            Metric::Instructions => "instructions",
            Metric::Cycles => "cycles",
            Metric::Allocations => "allocations",
            Metric::AllocatedBytes => "allocated bytes",
            Metric::Energy => "energy",
            Metric::Power => "power",
        }
    }

    /// The unit of its samples.
    pub const fn unit(self) -> Unit {
        match self {
            Metric::PeakMemory | Metric::AllocatedBytes => Unit::Bytes,
            Metric::Energy => Unit::Joules,
            Metric::Power => Unit::Watts,
            Metric::Instructions | Metric::Cycles | Metric::Allocations => Unit::Count,
            Metric::Compile
            | Metric::FirstCall
            | Metric::Upload
            | Metric::Run
            | Metric::Fetch
            | Metric::Call
            | Metric::Time
            | Metric::ProcessorTime => Unit::Seconds,
        }
    }
}

/// The unit of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// A number of things.
    Count,
    /// Joules.
    Joules,
    /// Watts: joules in a second.
    Watts,
}

/// One metric of one device or program: the samples of every process, in run order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was measured.
    pub metric: Metric,
    /// The unit of the samples.
    pub unit: Unit,
    /// One series for each process, the unit of replication.
    pub processes: Vec<Series>,
}

/// The samples of one metric in one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The samples, in run order.
    pub samples: Samples,
    /// For each round of the comparison in which this process was sampled: the round's number, and the place of
    /// its first sample. Empty for what is measured once a process.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<RoundStart>,
    /// How many calls one sample is the mean of.
    pub calls_per_sample: u32,
}

/// Where a round begins in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundStart {
    /// The round's number, counted over the whole comparison.
    pub round: u32,
    /// The place of the round's first sample in the series.
    pub start: usize,
}

impl Measurement {
    /// The samples of every process, processes in order.
    pub fn processes(&self) -> Vec<Samples> {
        self.processes.iter().map(|series| series.samples.clone()).collect()
    }

    /// All samples, one process after the other.
    pub fn pooled(&self) -> Samples {
        let values =
            self.processes.iter().flat_map(|series| series.samples.values().iter().copied());
        Samples::new(values.collect()).expect("samples were checked when they were taken")
    }
}
