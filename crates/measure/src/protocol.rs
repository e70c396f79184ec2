//! What the harness and its child processes say to each other: one JSON object a line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tachy_runtime::Device;

use crate::case::{CaseOutcome, Tolerance};
use crate::measurement::Metric;
use crate::subject::Subject;

/// What the harness asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "request")]
pub(crate) enum Request {
    /// Read and compile a model, and make its inputs.
    Load(Load),
    /// The first bind, run and fetch; the outputs go to files in this folder.
    FirstCall { outputs: PathBuf },
    /// Call until the series is steady, or so many seconds have passed.
    WarmUp { seconds: f64 },
    /// Take samples of upload, run, fetch and call for so many seconds, at least one of each.
    Sample { seconds: f64 },
    /// Tell the peak memory.
    PeakMemory,
    /// Run a test case.
    Case(Case),
}

/// What to compile, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Load {
    pub device: Device,
    pub subject: Subject,
    /// Whether the engine may make the model fast. It may not for the reference.
    pub optimize: bool,
}

/// A test case, and how to run it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Case {
    pub device: Device,
    pub folder: PathBuf,
    pub threads: usize,
    pub dims: BTreeMap<String, usize>,
    pub tolerance: Tolerance,
}

/// What a child process answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply")]
pub(crate) enum Reply {
    Loaded(Loaded),
    FirstCall {
        seconds: f64,
    },
    WarmedUp {
        calls: usize,
        seconds: f64,
        steady: bool,
        set_seconds: f64,
        /// The shortest time on end whose energy can be told, if any can.
        energy_seconds: Option<f64>,
    },
    /// The samples, their energy, and the samples of the kernel that never changes.
    Sampled {
        series: Vec<SampledSeries>,
        energy: PhaseEnergy,
        machine: Vec<f64>,
    },
    PeakMemory {
        bytes: Option<u64>,
    },
    Case {
        outcome: CaseOutcome,
    },
    Failed {
        message: String,
        bad_input: bool,
        unsupported: bool,
    },
}

/// What came of loading.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Loaded {
    pub compile_seconds: f64,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub output_names: Vec<String>,
    pub model_bytes: u64,
    pub parameters: Option<u64>,
}

/// The energy of a phase of sampling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum PhaseEnergy {
    /// By the counters of what computed.
    Known { call_joules: f64, watts: f64 },
    /// There is no figure, for this reason and with this remedy.
    Absent { reason: String },
}

/// Samples of one metric, in run order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SampledSeries {
    pub metric: Metric,
    pub samples: Vec<f64>,
    pub calls_per_sample: u32,
}
