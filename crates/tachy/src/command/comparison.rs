//! What `compare` and `bench` have in common: from arguments to a record, and from the record to its reports.

use std::path::PathBuf;

use clap::Args;
use tachy_command::child;
use tachy_command::measuring::MeasureArguments;
use tachy_measure::{Comparison, Outcome, Plan, Subject};
use tachy_report::Report;
use tachy_runtime::{Availability, Device, DeviceInfo, Registry};
use tachy_tune::AUTO;

use super::arguments::{Format, ModelArguments};
use super::failure::Failure;
use super::model;
use super::output;
use super::progress::Progress;
use super::settings::Settings;
use super::storing::SaveArguments;

/// Where and how the result is written.
#[derive(Debug, Clone, Args)]
pub(super) struct ReportArguments {
    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,

    /// File for the result, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write a page with the table and every device's samples as a picture, too
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Compares devices: those named, or all that can be used.
pub(super) fn run(
    named: &[Device],
    model: &ModelArguments,
    measure: &MeasureArguments,
    settings: &Settings,
) -> Result<Comparison, Failure> {
    let subject = Subject {
        model: model::source(model, settings)?,
        threads: model.threads(settings).get(),
        dims: model.dims(),
        input_shapes: model.shapes(),
        input_files: model.input_files(),
        variant: None,
        seed: model.seed(settings),
    };
    of_subject(named, subject, measure, settings)
}

/// Compares devices, those named or all that can be used, on this subject.
pub(super) fn of_subject(
    named: &[Device],
    subject: Subject,
    measure: &MeasureArguments,
    settings: &Settings,
) -> Result<Comparison, Failure> {
    let registry = crate::registry();
    let (devices, absent) = choose(&registry, named)?;
    let references = references(&registry, &devices);
    let plan = Plan {
        subject,
        devices,
        absent,
        references,
        time: measure.time(settings),
        processes: measure.processes(settings),
        timeout: measure.timeout(settings),
    };
    let progress = Progress::new(0);
    Ok(tachy_measure::compare(&plan, child::command, |event| progress.observe(event))?)
}

/// Writes the reports of a comparison and stores it, if that is wanted. Fails if a device did not do its work.
pub(super) fn tell(
    comparison: Comparison,
    report: &ReportArguments,
    save: &SaveArguments,
    command: &str,
    settings: &Settings,
) -> Result<(), Failure> {
    write(&comparison, report)?;
    let names: Vec<String> = comparison
        .rows
        .iter()
        .filter(|row| !matches!(row.outcome, Outcome::Measured(_)))
        .map(|row| format!("`{}`", row.device))
        .collect();
    if save.is_wanted(settings) {
        let run = tachy_store::Run { command: command.to_owned(), ..comparison.into() };
        save.save(run, settings)?;
    }
    match names.is_empty() {
        true => Ok(()),
        false => {
            Err(Failure::Check(format!("{} failed or computed a wrong result.", names.join(", "))))
        }
    }
}

/// The devices to measure, and the absent ones to tell of.
pub(super) fn choose(
    registry: &Registry,
    named: &[Device],
) -> Result<(Vec<DeviceInfo>, Vec<DeviceInfo>), Failure> {
    let mut all = registry.devices();
    if named.is_empty() {
        // What chooses among the others is one of them.
        all.retain(|info| info.device.backend() != AUTO);
        return Ok(all.into_iter().partition(DeviceInfo::is_available));
    }
    let mut chosen: Vec<DeviceInfo> = Vec::new();
    for device in named {
        let (_, device) = registry.find(device)?;
        if chosen.iter().all(|info| info.device != device) {
            chosen.extend(all.iter().find(|info| info.device == device).cloned());
        }
    }
    Ok((chosen, Vec::new()))
}

/// Who may give the reference: the native engine, and after it the engines that are measured, for models that the
/// native one cannot run.
pub(super) fn references(registry: &Registry, devices: &[DeviceInfo]) -> Vec<Device> {
    let native = Device::of("cpu");
    let mut references = Vec::new();
    if registry
        .devices()
        .iter()
        .any(|info| info.device == native && info.availability == Availability::Available)
    {
        references.push(native.clone());
    }
    references.extend(
        devices
            .iter()
            .map(|info| info.device.clone())
            .filter(|d| *d != native && d.backend() != AUTO),
    );
    references
}

fn write(comparison: &Comparison, arguments: &ReportArguments) -> Result<(), Failure> {
    let report = Report::new(comparison)
        .map_err(|error| Failure::Check(format!("the samples cannot be ranked: {error}")))?;
    if let Some(path) = &arguments.html {
        output::write_file(&report.html(), path)?;
    }
    let file = arguments.output.as_deref();
    let text = match arguments.format {
        Format::Text => report.terminal(output::look(file)),
        Format::Json => report.json(),
        Format::Csv => report.csv(),
        Format::Samples => tachy_report::samples_csv(comparison),
        Format::Markdown => report.markdown(),
    };
    output::write(&text, file)
}
