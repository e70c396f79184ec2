//! `tachy compare` of models in several precisions, resolutions and batch sizes.

use std::num::NonZeroUsize;

use tachy_command::child;
use tachy_command::measuring::MeasureArguments;
use tachy_measure::variants::{Precision, VariantComparison, VariantPlan, compare};
use tachy_report::Guide;
use tachy_report::variants::VariantReport;
use tachy_runtime::Device;

use super::arguments::{Format, ModelArguments};
use super::comparison::{ReportArguments, choose, references};
use super::failure::Failure;
use super::model;
use super::output;
use super::progress::Progress;
use super::settings::Settings;
use super::storing::SaveArguments;

/// What is compared beside a model as it is.
pub(super) struct Variants<'a> {
    pub others: &'a [String],
    pub precisions: &'a [Precision],
    pub resolutions: &'a [NonZeroUsize],
    /// Whether to tell which row to take for what, instead of all rows.
    pub guide: bool,
}

impl Variants<'_> {
    pub(super) fn execute(
        &self,
        named: &[Device],
        model: &ModelArguments,
        measure: &MeasureArguments,
        (report, save): (&ReportArguments, &SaveArguments),
        settings: &Settings,
    ) -> Result<(), Failure> {
        let registry = crate::registry();
        let (devices, absent) = choose(&registry, named)?;
        let names = [&model.model].into_iter().chain(self.others);
        let models = names
            .map(|name| {
                let one =
                    ModelArguments { model: name.clone(), batch: Vec::new(), ..model.clone() };
                model::source(&one, settings)
            })
            .collect::<Result<_, _>>()?;
        let sizes = |sizes: &[NonZeroUsize]| {
            let mut unique: Vec<usize> = Vec::new();
            for size in sizes.iter().map(|size| size.get()) {
                if !unique.contains(&size) {
                    unique.push(size);
                }
            }
            unique
        };
        let mut precisions = self.precisions.to_vec();
        precisions.sort_unstable();
        precisions.dedup();
        let plan = VariantPlan {
            models,
            precisions,
            resolutions: sizes(self.resolutions),
            batches: sizes(&model.batch),
            references: references(&registry, &devices),
            devices,
            absent,
            threads: model.threads(settings).get(),
            dims: model.dims(),
            input_shapes: model.shapes(),
            input_files: model.input_files(),
            seed: model.seed(settings),
            time: measure.time(settings),
            processes: measure.processes(settings),
            timeout: measure.timeout(settings),
        };
        let progress = Progress::new(0);
        let comparison = compare(&plan, child::command, |event| progress.observe(event))?;
        drop(progress);
        self.tell(comparison, report, save, settings)
    }

    fn tell(
        &self,
        comparison: VariantComparison,
        arguments: &ReportArguments,
        save: &SaveArguments,
        settings: &Settings,
    ) -> Result<(), Failure> {
        let report = VariantReport::new(&comparison);
        if self.guide {
            return write_guides(&report.guides(), arguments);
        }
        if let Some(path) = &arguments.html {
            output::write_file(&report.html(), path)?;
        }
        let file = arguments.output.as_deref();
        let text = match arguments.format {
            Format::Text => report.terminal(output::look(file)),
            Format::Json => report.json(),
            Format::Csv => report.csv(),
            Format::Samples => report.samples_csv(),
            Format::Markdown => report.markdown(),
        };
        output::write(&text, file)?;
        let failures: Vec<String> =
            report.failures().iter().map(|device| format!("`{device}`")).collect();
        if save.is_wanted(settings) {
            save.save(comparison.into(), settings)?;
        }
        match failures.is_empty() {
            true => Ok(()),
            false => Err(Failure::Check(format!(
                "{} failed or computed a wrong result.",
                failures.join(", ")
            ))),
        }
    }
}

/// Writes guides, one after the other.
pub(super) fn write_guides(guides: &[&Guide], arguments: &ReportArguments) -> Result<(), Failure> {
    let file = arguments.output.as_deref();
    let each = |tell: &dyn Fn(&Guide) -> String| {
        guides.iter().map(|guide| tell(guide)).collect::<Vec<_>>().join("\n")
    };
    let text = match (arguments.format, guides) {
        (Format::Text, _) => each(&|guide| guide.terminal(output::look(file))),
        (Format::Json, [guide]) => guide.json(),
        (Format::Json, guides) => {
            let guides = serde_json::to_string_pretty(guides).map_err(Failure::input)?;
            guides + "\n"
        }
        (Format::Markdown, [guide]) => guide.markdown(),
        (Format::Markdown, _) => {
            each(&|guide| format!("### {}\n\n{}", guide.model, guide.markdown()))
        }
        (Format::Csv | Format::Samples, _) => {
            return Err(Failure::Input(
                "the guide is text, markdown or json; leave `--guide` out for figures.".to_owned(),
            ));
        }
    };
    output::write(&text, file)
}
