//! `tachy compare`.

use clap::Args;
use tachy_command::measuring::MeasureArguments;
use tachy_runtime::Device;

use super::arguments::ModelArguments;
use super::comparison::{self, ReportArguments};
use super::failure::Failure;
use super::settings::Settings;
use super::storing::SaveArguments;

/// Rank devices on a model: verified, interleaved, with intervals.
///
/// Every device runs in processes of its own. Its outputs are compared with the reference before it is timed; a device
/// that computes something else is refused. Then the devices take turns in random order. Where the data cannot tell two
/// devices apart, the table says so instead of ranking them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy compare zoo:mobilenet-v3-small\n  \
    tachy compare model.onnx --device cpu --device ort:cpu --threads 1\n  \
    tachy compare model.onnx --dim batch=8 --html report.html\n  \
    tachy compare model.onnx --format json > result.json\n  \
    tachy compare model.onnx --save")]
pub(super) struct Compare {
    #[command(flatten)]
    model: ModelArguments,

    /// Device to compare, once for each [default: all that can be used]
    #[arg(long = "device", short, value_name = "DEVICE")]
    devices: Vec<Device>,

    #[command(flatten)]
    measure: MeasureArguments,

    #[command(flatten)]
    report: ReportArguments,

    #[command(flatten)]
    save: SaveArguments,
}

impl Compare {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let devices = match (&self.devices[..], &settings.devices) {
            ([], Some(devices)) => devices,
            (devices, _) => devices,
        };
        let comparison = comparison::run(devices, &self.model, &self.measure, settings)?;
        comparison::tell(comparison, &self.report, &self.save, "compare", settings)
    }
}
