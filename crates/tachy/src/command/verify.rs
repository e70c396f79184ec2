//! `tachy verify`.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tachy_command::child;
use tachy_measure::{CaseOutcome, Tolerance, VerifiedCase, VerifyPlan, find_cases};
use tachy_runtime::Device;

use super::failure::Failure;
use super::output;
use super::progress::Progress;
use super::settings::Settings;

/// Check a device against test cases in the layout of ONNX's backend tests.
///
/// A case is a folder with `model.onnx` and folders `test_data_set_*`, each with `input_*.pb` and `output_*.pb`. An
/// output is right if |a − b| ≤ atol · M + rtol · |b| for every element, where b is expected and M is the largest
/// expected magnitude.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy verify cases/test_relu\n  \
    tachy verify cases --device cpu --device ort:cpu\n  \
    tachy verify cases --rtol 1e-2 --json")]
pub(super) struct Verify {
    /// Folders of cases, or folders with such folders in them
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,

    /// Device to check, once for each
    #[arg(long = "device", short, value_name = "DEVICE", default_value = "cpu")]
    devices: Vec<Device>,

    /// Accepted error relative to the expected value
    #[arg(long, value_name = "SHARE", default_value_t = Tolerance::default().relative)]
    rtol: f64,

    /// Accepted error relative to the largest expected magnitude
    #[arg(long, value_name = "SHARE", default_value_t = Tolerance::default().absolute)]
    atol: f64,

    /// Size of a symbolic dimension that the data leave open
    #[arg(long = "dim", value_name = "NAME=SIZE", value_parser = super::arguments::parse_dim)]
    dims: Vec<(String, usize)>,

    /// Threads of the engine [default: 1]
    #[arg(long, value_name = "COUNT")]
    threads: Option<NonZeroUsize>,

    /// Print every case, not only those that did not pass
    #[arg(long, short)]
    verbose: bool,

    /// Print JSON: one object for each case
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let mut cases = Vec::new();
        for folder in &self.folders {
            let found = find_cases(folder).map_err(|error| {
                Failure::Input(format!("`{}` cannot be read: {error}.", folder.display()))
            })?;
            if found.is_empty() {
                return Err(Failure::Input(format!(
                    "`{}` holds no test case: no folder in it has a `model.onnx`.",
                    folder.display()
                )));
            }
            cases.extend(found);
        }
        let registry = crate::registry();
        let progress = Progress::new((cases.len() * self.devices.len()) as u64);
        let mut results = Vec::new();
        for device in &self.devices {
            let (_, device) = registry.find(device)?;
            let plan = VerifyPlan {
                device: device.clone(),
                cases: cases.clone(),
                threads: self.threads.or(settings.threads).map_or(1, NonZeroUsize::get),
                dims: self.dims.iter().cloned().collect(),
                tolerance: Tolerance { relative: self.rtol, absolute: self.atol },
                timeout: Duration::from_secs_f64(settings.timeout.unwrap_or(120.0)),
            };
            results.extend(tachy_measure::verify(&plan, child::command, |case| {
                progress.say(format!("{device}: {}", name(case)));
                progress.step();
            }));
        }
        drop(progress);
        let failed = results.iter().filter(|case| !case.outcome.passed()).count();
        output::write(&self.render(&results), None)?;
        match failed {
            0 => Ok(()),
            _ => Err(Failure::Check(format!("{failed} of {} checks did not pass.", results.len()))),
        }
    }

    fn render(&self, results: &[VerifiedCase]) -> String {
        if self.json {
            let json = serde_json::to_string_pretty(results).expect("results are plain data");
            return json + "\n";
        }
        let mut text = String::new();
        for case in results {
            let word = match &case.outcome {
                CaseOutcome::Passed { .. } if !self.verbose => continue,
                CaseOutcome::Passed { worst, .. } => {
                    let _ = writeln!(
                        text,
                        "pass         {:<12} {} (largest error {worst:.1e})",
                        case.device,
                        name(case)
                    );
                    continue;
                }
                CaseOutcome::Wrong { .. } => "wrong",
                CaseOutcome::Unsupported { .. } => "unsupported",
                CaseOutcome::Failed { .. } => "failed",
            };
            let message = case.outcome.message().unwrap_or_default();
            let _ = writeln!(text, "{word:<12} {:<12} {}: {message}", case.device, name(case));
        }
        let mut devices: Vec<&Device> = results.iter().map(|case| &case.device).collect();
        devices.dedup();
        for device in devices {
            let own = results.iter().filter(|case| case.device == *device);
            let passed = own.clone().filter(|case| case.outcome.passed()).count();
            let _ = writeln!(text, "{device}: {passed} of {} cases pass.", own.count());
        }
        text
    }
}

fn name(case: &VerifiedCase) -> String {
    case.case.file_name().unwrap_or(case.case.as_os_str()).to_string_lossy().into_owned()
}
