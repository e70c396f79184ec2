//! What a comparison on operators leaves behind.

use serde::{Deserialize, Serialize};
use tachy_graph::catalogue::{CaseError, OperatorCase};
use tachy_graph::cost::Cost;
use tachy_runtime::{Device, DeviceInfo};

use crate::agreement::Agreement;
use crate::environment::Environment;
use crate::measurement::{Measurement, Metric};
use crate::record::{Measured, Stage};

/// A comparison of devices on operators.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperatorComparison {
    /// The version of this format.
    pub format: u32,
    /// When it began: seconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long it took, in seconds.
    pub duration: f64,
    /// How it was made.
    pub settings: OperatorSettings,
    /// Where.
    pub environment: Environment,
    /// The time of [a kernel that never changes](crate::MachineSpeed), taken in every process beside its own samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_speed: Option<Measurement>,
    /// The devices that were compared.
    pub devices: Vec<DeviceDescription>,
    /// Devices that are absent here, with the reason and the remedy.
    pub absent: Vec<DeviceInfo>,
    /// One for each case.
    pub points: Vec<OperatorPoint>,
}

/// A device, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceDescription {
    /// The device.
    pub device: Device,
    /// The engine and its version.
    pub description: String,
}

/// How a comparison on operators was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperatorSettings {
    /// Threads of each engine.
    pub threads: usize,
    /// Seconds of measuring asked for, for each case on each device.
    pub seconds: f64,
    /// Processes of each device for each operator.
    pub processes: usize,
    /// Seed of inputs and orders.
    pub seed: u64,
}

/// One case on all devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperatorPoint {
    /// The case's name: `matmul:1024:f32`.
    pub case: String,
    /// Operations on numbers.
    pub flops: f64,
    /// Bytes read and written.
    pub bytes: f64,
    /// The device whose outputs all were compared with; `None` if no engine could compute them.
    pub reference: Option<Device>,
    /// One for each device, in the comparison's order.
    pub rows: Vec<PointRow>,
}

impl OperatorPoint {
    /// The case.
    ///
    /// # Errors
    /// If a later version wrote a name that this one does not know.
    pub fn case(&self) -> Result<OperatorCase, CaseError> {
        self.case.parse()
    }

    /// The operator's work; what is read and what is written is not told apart.
    pub fn cost(&self) -> Cost {
        Cost { flops: self.flops, bytes_read: self.bytes, bytes_written: 0.0 }
    }
}

/// One case on one device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointRow {
    /// The device.
    pub device: Device,
    /// What became of it.
    pub outcome: PointOutcome,
}

/// What became of one case on one device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum PointOutcome {
    /// It computed the right answer and was timed.
    Measured(Measured),
    /// Its outputs differ from the reference: it was not timed.
    Wrong {
        /// How far off it is.
        agreement: Agreement,
    },
    /// The engine lacks the operator, or this element type of it.
    Unsupported {
        /// What it lacks, as a sentence.
        message: String,
    },
    /// It failed, crashed or hung.
    Failed {
        /// What it was doing.
        stage: Stage,
        /// What happened, as a sentence.
        message: String,
    },
}

impl PointOutcome {
    /// The figures, if it was timed.
    pub fn measured(&self) -> Option<&Measured> {
        match self {
            PointOutcome::Measured(measured) => Some(measured),
            _ => None,
        }
    }

    /// The measurement of one metric, if it was timed.
    pub fn metric(&self, metric: Metric) -> Option<&Measurement> {
        self.measured()?.metric(metric)
    }
}
