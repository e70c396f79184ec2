//! What a comparison leaves behind: every figure with its samples, its unit and its circumstances.
//!
//! These types are the JSON that `--format json` writes; they are read back by whoever stores or draws them.

use serde::{Deserialize, Serialize};
use tachy_runtime::{Device, DeviceInfo};

use crate::agreement::Agreement;
use crate::environment::Environment;
use crate::measurement::{Measurement, Metric};
use crate::subject::Subject;

/// How a warm-up ended in one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WarmUp {
    /// Calls before measuring began.
    pub calls: usize,
    /// Their time, in seconds.
    pub seconds: f64,
    /// Whether the series had become steady; if not, patience ran out.
    pub steady: bool,
}

/// What became of one device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Outcome {
    /// It computed the right answer and was timed.
    Measured(Measured),
    /// Its outputs differ from the reference: it is not timed and not ranked.
    Wrong {
        /// How far off it is.
        agreement: Agreement,
    },
    /// It failed, crashed or hung.
    Failed {
        /// What it was doing.
        stage: Stage,
        /// What happened, as a sentence.
        message: String,
    },
}

/// The figures of a device that computed the right answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How its outputs compare with the reference: the worst of its processes.
    pub agreement: Agreement,
    /// One for each metric.
    pub measurements: Vec<Measurement>,
    /// How each process warmed up.
    pub warm_ups: Vec<WarmUp>,
    /// Why no energy was measured, and what would bring it. Unknown to older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_absent: Option<String>,
}

impl Measured {
    /// The measurement of one metric.
    pub fn metric(&self, metric: Metric) -> Option<&Measurement> {
        self.measurements.iter().find(|measurement| measurement.metric == metric)
    }
}

/// What a device was doing when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Starting its process.
    Start,
    /// Reading or compiling the model.
    Compile,
    /// The first call.
    FirstCall,
    /// Warming up.
    WarmUp,
    /// Being timed.
    Sample,
}

impl Stage {
    /// What it was doing, as it stands in "while …".
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Start => "starting",
            Stage::Compile => "compiling",
            Stage::FirstCall => "making its first call",
            Stage::WarmUp => "warming up",
            Stage::Sample => "being timed",
        }
    }
}

/// One device's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The device.
    pub device: Device,
    /// The engine and its version.
    pub description: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What was compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelDescription {
    /// The name: `zoo:resnet-18`, or the file's.
    pub name: String,
    /// The size of the ONNX file, or of the weights of a zoo model, in bytes.
    pub bytes: u64,
    /// Elements of all weights, if the reference engine tells.
    pub parameters: Option<u64>,
    /// Inputs, as `name: f32[1, 3, 224, 224]`.
    pub inputs: Vec<String>,
    /// Outputs, likewise.
    pub outputs: Vec<String>,
}

/// How the comparison was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Threads of each engine.
    pub threads: usize,
    /// Seconds of measuring asked for, for each device.
    pub seconds: f64,
    /// Processes of each device.
    pub processes: usize,
    /// Seed of the inputs, the order of the rounds, and the bootstrap.
    pub seed: u64,
    /// Where the inputs come from: a seeded generator, or files.
    pub inputs: String,
}

/// A comparison of devices on one model: the record that reports are made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The version of this format.
    pub format: u32,
    /// When it began: seconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long it took, in seconds.
    pub duration: f64,
    /// What was compared.
    pub model: ModelDescription,
    /// How.
    pub settings: Settings,
    /// Where.
    pub environment: Environment,
    /// What was compared, so that it can be compared again. Unknown to older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The time of [a kernel that never changes](crate::MachineSpeed), taken in every process beside its own samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_speed: Option<Measurement>,
    /// The device whose outputs all are compared with. The native engine computes them node by node, not optimised.
    pub reference: Device,
    /// One row for each device asked for, in the order of registration.
    pub rows: Vec<Row>,
    /// Devices that are absent here, with the reason and the remedy.
    pub absent: Vec<DeviceInfo>,
}

/// The version of the format that this version of Tachy writes: 2 has measurements of energy and power, which versions that
/// write 1 do not know. Records of version 1 are read as before.
pub const FORMAT: u32 = 2;
