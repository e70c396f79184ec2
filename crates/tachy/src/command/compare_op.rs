//! `tachy compare op`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tachy_command::child;
use tachy_command::measuring::parse_seconds;
use tachy_graph::DType;
use tachy_graph::catalogue::{CaseError, CatalogueOperator, Layout, OperatorCase};
use tachy_measure::operators::{OperatorPlan, compare};
use tachy_report::operators::OperatorReport;
use tachy_runtime::Device;

use super::arguments::Format;
use super::comparison::{ReportArguments, choose, references};
use super::failure::Failure;
use super::output;
use super::peaks;
use super::progress::Progress;
use super::settings::Settings;
use super::storing::SaveArguments;

/// Operators that are compared where none is named: one that computes, one that moves memory, and three that models are
/// made of.
const USUAL: [CatalogueOperator; 5] = [
    CatalogueOperator::MatMul,
    CatalogueOperator::Add,
    CatalogueOperator::Conv2d,
    CatalogueOperator::LayerNorm,
    CatalogueOperator::Softmax,
];

/// Compare devices on single operators: over sizes, element types and layouts, with the sizes at which one overtakes
/// another.
///
/// One process of a device measures all sizes of an operator; the processes are replicated, and devices take turns in random
/// order. Outputs are compared with the reference before anything is timed. What a device lacks or does wrong is a row that
/// says so.
#[derive(Debug, Clone, Args)]
#[command(after_help = after_help())]
pub(super) struct CompareOp {
    /// Operators [default: matmul add conv2d layernorm softmax]
    #[arg(value_name = "NAME", value_parser = parse_operator)]
    operators: Vec<CatalogueOperator>,

    /// Sizes, separated by commas [default: the operator's own]
    #[arg(long, value_delimiter = ',', value_name = "SIZE,…")]
    sizes: Vec<NonZeroUsize>,

    /// Element types, separated by commas [default: the operator's usual one]
    #[arg(long, value_delimiter = ',', value_name = "DTYPE,…")]
    dtypes: Vec<DType>,

    /// Layouts, separated by commas: contiguous, strided
    #[arg(long, value_delimiter = ',', value_name = "LAYOUT,…", default_value = "contiguous", value_parser = parse_layout)]
    layouts: Vec<Layout>,

    /// Devices, separated by commas [default: all that can be used]
    #[arg(
        long = "devices",
        visible_alias = "device",
        short = 'd',
        value_delimiter = ',',
        value_name = "DEVICE,…"
    )]
    devices: Vec<Device>,

    /// Threads of each engine [default: the processors of this machine]
    #[arg(long, value_name = "COUNT")]
    threads: Option<NonZeroUsize>,

    /// Seed of inputs, weights and orders [default: 0]
    #[arg(long)]
    seed: Option<u64>,

    /// Seconds of measuring for each case on each device, over all its processes
    #[arg(long, value_name = "SECONDS", default_value = "0.5", value_parser = parse_seconds)]
    time: f64,

    /// Seconds of warming up in each process at most, unless measuring takes longer
    #[arg(long, value_name = "SECONDS", default_value = "0.1", value_parser = parse_seconds)]
    warm_up: f64,

    /// Processes of each device: the unit of replication
    #[arg(long, value_name = "COUNT", default_value = "5")]
    processes: NonZeroUsize,

    /// Seconds that one answer may take before its process counts as hung
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_seconds)]
    timeout: f64,

    /// Tell no shares of the devices' peaks, which are measured first where they are not known yet
    #[arg(long)]
    no_peaks: bool,

    /// Do not take the times over into what the device `auto` chooses by
    #[arg(long)]
    no_remember: bool,

    #[command(flatten)]
    report: ReportArguments,

    /// Write the times over sizes as a picture, too
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    #[command(flatten)]
    save: SaveArguments,
}

fn after_help() -> String {
    let mut text = "Operators, with what they compute for a size n:\n".to_owned();
    for operator in CatalogueOperator::ALL {
        let dtypes: Vec<String> = operator.dtypes().iter().map(DType::to_string).collect();
        text += &format!(
            "  {:<11} {} ({})\n",
            operator.name(),
            operator.description(),
            dtypes.join(", ")
        );
    }
    text + "\nA single case goes by the name op:OPERATOR:SIZE[:DTYPE[:LAYOUT]] wherever a model does.\n\nExamples:\n  \
            tachy compare op matmul --sizes 64,256,1024 --dtypes f32,f16\n  \
            tachy compare op add softmax --layouts contiguous,strided --devices cpu,ort:cpu\n  \
            tachy compare op matmul --svg matmul.svg --html matmul.html --save\n  \
            tachy run op:matmul:512:f32:strided"
}

fn parse_operator(text: &str) -> Result<CatalogueOperator, CaseError> {
    text.parse()
}

fn parse_layout(text: &str) -> Result<Layout, CaseError> {
    text.parse()
}

impl CompareOp {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let cases = self.cases()?;
        let named = match (&self.devices[..], &settings.devices) {
            ([], Some(devices)) => devices,
            (devices, _) => devices,
        };
        let registry = crate::registry();
        let (devices, absent) = choose(&registry, named)?;
        let threads = self
            .threads
            .or(settings.threads)
            .unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
        let peaks = match self.no_peaks {
            true => None,
            false => Some(peaks::find(&devices, threads, false)?),
        };
        let plan = OperatorPlan {
            cases,
            references: references(&registry, &devices),
            devices,
            absent,
            threads: threads.get(),
            seed: self.seed.or(settings.seed).unwrap_or(0),
            time: Duration::from_secs_f64(self.time),
            warm_up: Duration::from_secs_f64(self.warm_up),
            processes: self.processes.get(),
            timeout: Duration::from_secs_f64(self.timeout),
        };
        let progress = Progress::new(0);
        let comparison = compare(&plan, child::command, |event| progress.observe(event))?;
        drop(progress);
        if !self.no_remember {
            crate::auto().learn(&comparison);
        }
        let report = OperatorReport::new(&comparison, peaks.as_ref());
        self.write(&report)?;
        let failures: Vec<String> =
            report.failures().iter().map(|device| format!("`{device}`")).collect();
        if self.save.is_wanted(settings) {
            self.save.save(comparison.into(), settings)?;
        }
        match failures.is_empty() {
            true => Ok(()),
            false => Err(Failure::Check(format!(
                "{} failed or computed a wrong result.",
                failures.join(", ")
            ))),
        }
    }

    /// Every operator with every size, element type and layout. An element type that only some of the operators have is
    /// left out of the others.
    fn cases(&self) -> Result<Vec<OperatorCase>, Failure> {
        let operators = if self.operators.is_empty() { &USUAL[..] } else { &self.operators };
        let mut cases = Vec::new();
        for &operator in operators {
            let usual = [operator.dtypes()[0]];
            let dtypes = if self.dtypes.is_empty() { &usual[..] } else { &self.dtypes };
            let own: Vec<NonZeroUsize> =
                operator.sizes().iter().filter_map(|&size| NonZeroUsize::new(size)).collect();
            let sizes = if self.sizes.is_empty() { &own } else { &self.sizes };
            for &dtype in dtypes.iter().filter(|dtype| operator.dtypes().contains(dtype)) {
                for &layout in &self.layouts {
                    cases.extend(sizes.iter().map(|&size| OperatorCase {
                        operator,
                        dtype,
                        layout,
                        size,
                    }));
                }
            }
        }
        let mut seen = std::collections::HashSet::new();
        cases.retain(|case| seen.insert(*case));
        if cases.is_empty() {
            let names: Vec<&str> = operators.iter().map(|operator| operator.name()).collect();
            return Err(Failure::Input(format!(
                "there is nothing to compare: {} is not there for these element types; `tachy compare op --help` lists them.",
                names.join(", ")
            )));
        }
        Ok(cases)
    }

    fn write(&self, report: &OperatorReport<'_>) -> Result<(), Failure> {
        if let Some(path) = &self.report.html {
            output::write_file(&report.html(), path)?;
        }
        if let Some(path) = &self.svg {
            output::write_file(&report.svg(), path)?;
        }
        let file = self.report.output.as_deref();
        let text = match self.report.format {
            Format::Text => report.terminal(output::look(file)),
            Format::Json => report.json(),
            Format::Csv => report.csv(),
            Format::Samples => report.samples_csv(),
            Format::Markdown => report.markdown(),
        };
        output::write(&text, file)
    }
}
