//! `tachy compare`.

use std::num::NonZeroUsize;

use clap::{Args, Subcommand};
use tachy_command::measuring::MeasureArguments;
use tachy_measure::Comparison;
use tachy_measure::variants::Precision;
use tachy_report::Guide;
use tachy_runtime::Device;

use super::arguments::ModelArguments;
use super::compare_op::CompareOp;
use super::compare_variants::{Variants, write_guides};
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
    tachy compare model.onnx --save\n  \
    tachy compare zoo:resnet-18 --guide --batch 1,8\n  \
    tachy compare zoo:resnet-18 --precision f32,f16 --resolution 224,160 --batch 1,8\n  \
    tachy compare small.onnx large.onnx --precision f32,bf16 --html table.html\n  \
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

    /// More models: all are compared in one table
    #[arg(value_name = "MODEL", requires = "model")]
    others: Vec<String>,

    /// Precisions, separated by commas: f32, f16, bf16. The model, which must be in f32, is converted; every device in every
    /// precision is a row of the table, with its error against f32
    #[arg(long, value_delimiter = ',', value_name = "PRECISION,…")]
    precision: Vec<Precision>,

    /// Resolutions, separated by commas: rows and columns of the images that the model sees
    #[arg(long, value_delimiter = ',', value_name = "SIZE,…")]
    resolution: Vec<NonZeroUsize>,

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
        let has_variants = !self.others.is_empty()
            || !self.precision.is_empty()
            || !self.resolution.is_empty()
            || (model.batch.len() > 1 && !self.guide)
            || (!model.batch.is_empty() && !model.model.starts_with("zoo:"));
        if has_variants {
            let variants = Variants {
                others: &self.others,
                precisions: &self.precision,
                resolutions: &self.resolution,
                guide: self.guide,
            };
            let telling = (&self.report, &self.save);
            return variants.execute(devices, &model, &self.measure, telling, settings);
        }
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
    let batches = match &model.batch[..] {
        [] => &[NonZeroUsize::MIN],
        batches => batches,
    };
    let comparisons = batches
        .iter()
        .map(|&batch| {
            let model = ModelArguments { batch: vec![batch], ..model.clone() };
            Ok((batch.get(), comparison::run(devices, &model, measure, settings)?))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let comparisons: Vec<(usize, &Comparison)> =
        comparisons.iter().map(|(batch, comparison)| (*batch, comparison)).collect();
    write_guides(&[&Guide::new(&comparisons)], report)
}
