//! `tachy bench`.

use clap::Args;
use tachy_command::measuring::MeasureArguments;
use tachy_runtime::Device;

use super::arguments::{Format, ModelArguments};
use super::comparison::{self, ReportArguments};
use super::failure::Failure;
use super::settings::Settings;
use super::steps;
use super::storing::SaveArguments;

/// Time a model on one device.
///
/// The same as a comparison of one: the outputs are checked before anything is timed, and upload, run, fetch and
/// compile are figures of their own.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy bench zoo:lstm-256\n  \
    tachy bench zoo:resnet-18 --ops --threads 1\n  \
    tachy bench model.onnx --device ort:cpu --threads 1 --time 10\n  \
    tachy bench model.onnx --save --label branch=main")]
pub(super) struct Bench {
    #[command(flatten)]
    model: ModelArguments,

    /// The device
    #[arg(long, short, value_name = "DEVICE", default_value = "cpu")]
    device: Device,

    /// Print where the time of a run goes instead: time, rates and share of the roofline of every step
    #[arg(long, conflicts_with_all = ["processes", "timeout", "html", "output", "save"])]
    ops: bool,

    #[command(flatten)]
    measure: MeasureArguments,

    #[command(flatten)]
    report: ReportArguments,

    #[command(flatten)]
    save: SaveArguments,
}

impl Bench {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        if self.ops {
            let seconds = self.measure.time(settings).as_secs_f64();
            let json = self.report.format == Format::Json;
            return steps::run(&self.model, &self.device, seconds, json, settings);
        }
        let devices = std::slice::from_ref(&self.device);
        let comparison = comparison::run(devices, &self.model, &self.measure, settings)?;
        comparison::tell(comparison, &self.report, &self.save, "bench", settings)
    }
}
