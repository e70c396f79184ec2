//! `tachy bench`.

use clap::Args;
use tachy_runtime::Device;

use super::arguments::ModelArguments;
use super::comparison::{self, MeasureArguments, ReportArguments};
use super::failure::Failure;
use super::settings::Settings;

/// Time a model on one device.
///
/// The same as a comparison of one: the outputs are checked before anything is timed, and upload, run, fetch and
/// compile are figures of their own.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy bench zoo:lstm-256\n  \
    tachy bench model.onnx --device ort:cpu --threads 1 --time 10")]
pub(super) struct Bench {
    #[command(flatten)]
    model: ModelArguments,

    /// The device
    #[arg(long, short, value_name = "DEVICE", default_value = "cpu")]
    device: Device,

    #[command(flatten)]
    measure: MeasureArguments,

    #[command(flatten)]
    report: ReportArguments,
}

impl Bench {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let devices = std::slice::from_ref(&self.device);
        comparison::run(devices, &self.model, &self.measure, &self.report, settings)
    }
}
