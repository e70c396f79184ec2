//! `tachy compare`.

use clap::{Args, Subcommand};
use tachy_command::measuring::MeasureArguments;
use tachy_measure::Comparison;
use tachy_report::Guide;
use tachy_runtime::Device;

use super::arguments::{Format, ModelArguments};
use super::compare_op::CompareOp;
use super::comparison::{self, ReportArguments};
use super::failure::Failure;
use super::output;
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
    tachy compare model.onnx --save\n  \
    tachy compare zoo:resnet-18 --guide --batch 1,8\n  \
    tachy compare op matmul --dtypes f32,f16      devices on one operator, over sizes")]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(
    disable_help_subcommand = true,
    subcommand_value_name = "op",
    subcommand_help_heading = "Operators"
)]
pub(super) struct Compare {
    #[command(subcommand)]
    form: Option<Form>,

    #[command(flatten)]
    model: Option<ModelArguments>,

    /// Device to compare, once for each [default: all that can be used]
    #[arg(long = "device", short, value_name = "DEVICE")]
    devices: Vec<Device>,

    /// Tell which device to take for what instead: latency, throughput, memory, first result, audio, video, with the
    /// measurement that each answer rests on; `--batch 1,8` compares at several batch sizes
    #[arg(long, conflicts_with_all = ["html", "save"])]
    guide: bool,

    #[command(flatten)]
    measure: MeasureArguments,

    #[command(flatten)]
    report: ReportArguments,

    #[command(flatten)]
    save: SaveArguments,
}

/// What is compared instead of a model.
#[derive(Debug, Subcommand)]
enum Form {
    /// Compare devices on single operators
    Op(Box<CompareOp>),
}

impl Compare {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let model = match (self.form, self.model) {
            (Some(Form::Op(command)), _) => return command.execute(settings),
            (None, Some(model)) => model,
            (None, None) => {
                return Err(Failure::Input(
                    "name a model; `tachy compare --help` says how.".into(),
                ));
            }
        };
        let devices = match (&self.devices[..], &settings.devices) {
            ([], Some(devices)) => devices,
            (devices, _) => devices,
        };
        if self.guide {
            return guide(devices, &model, &self.measure, &self.report, settings);
        }
        let comparison = comparison::run(devices, &model, &self.measure, settings)?;
        comparison::tell(comparison, &self.report, &self.save, "compare", settings)
    }
}

/// Compares at every batch size, and tells which device to take for what.
fn guide(
    devices: &[Device],
    model: &ModelArguments,
    measure: &MeasureArguments,
    report: &ReportArguments,
    settings: &Settings,
) -> Result<(), Failure> {
    let comparisons = model
        .batch
        .iter()
        .map(|&batch| {
            let model = ModelArguments { batch: vec![batch], ..model.clone() };
            Ok((batch.get(), comparison::run(devices, &model, measure, settings)?))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let comparisons: Vec<(usize, &Comparison)> =
        comparisons.iter().map(|(batch, comparison)| (*batch, comparison)).collect();
    let guide = Guide::new(&comparisons);
    let file = report.output.as_deref();
    let text = match report.format {
        Format::Text => guide.terminal(output::look(file)),
        Format::Json => guide.json(),
        Format::Markdown => guide.markdown(),
        Format::Csv | Format::Samples => {
            return Err(Failure::Input(
                "the guide is text, markdown or json; leave `--guide` out for figures.".to_owned(),
            ));
        }
    };
    output::write(&text, file)
}
