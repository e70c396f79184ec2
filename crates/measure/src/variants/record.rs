//! What a comparison of variants leaves behind.

use serde::{Deserialize, Serialize};
use tachy_runtime::{Device, DeviceInfo};

use super::Precision;
use crate::environment::Environment;
use crate::measurement::Measurement;
use crate::operators::{DeviceDescription, PointOutcome};
use crate::record::Settings;
use crate::subject::Subject;

/// A comparison of devices on models in several precisions, resolutions and batch sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariantComparison {
    /// The version of this format.
    pub format: u32,
    /// When it began: seconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long it took, in seconds.
    pub duration: f64,
    /// How it was made; times and processes are those of each row.
    pub settings: Settings,
    /// Where.
    pub environment: Environment,
    /// The time of [a kernel that never changes](crate::MachineSpeed), taken in every process beside its own samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_speed: Option<Measurement>,
    /// The devices that were compared.
    pub devices: Vec<DeviceDescription>,
    /// Devices that are absent here, with the reason and the remedy.
    pub absent: Vec<DeviceInfo>,
    /// One for each model, resolution and batch size.
    pub points: Vec<VariantPoint>,
}

/// One model at one resolution and batch size: the rows of a point are measured in turns and compared with the same outputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariantPoint {
    /// The model's name: `zoo:resnet-18`, or the file's.
    pub model: String,
    /// Rows and columns of images, if they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<usize>,
    /// The batch size; `None` if it is the model's own, and a call counts as one item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// What is compared, in f32, so that it can be compared again.
    pub subject: Subject,
    /// Elements of all weights, if an engine could compute the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// Inputs, as `name: f32[1, 3, 224, 224]`.
    pub inputs: Vec<String>,
    /// Outputs, likewise.
    pub outputs: Vec<String>,
    /// The device whose outputs in f32 all were compared with; `None` if no engine could compute them.
    pub reference: Option<Device>,
    /// One for each device and precision: precision by precision, devices in the comparison's order.
    pub rows: Vec<VariantRow>,
}

/// One device in one precision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariantRow {
    /// The device.
    pub device: Device,
    /// The precision.
    pub precision: Precision,
    /// The size of all weights in this precision, in bytes, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_bytes: Option<u64>,
    /// What became of it. A precision that the device refuses is unsupported.
    pub outcome: PointOutcome,
}

impl VariantPoint {
    /// The model at its resolution: `zoo:resnet-18 at 160`.
    pub fn family(&self) -> String {
        match self.resolution {
            Some(resolution) => format!("{} at {resolution}", self.model),
            None => self.model.clone(),
        }
    }

    /// Items of one call.
    pub fn items(&self) -> usize {
        self.batch.unwrap_or(1)
    }
}
