//! The gate put to the test on this machine, with real processes: how often equals are called faster or slower, as the
//! machine is and beside a neighbour that loads one core in bursts, and whether an injected slow-down is found within
//! the number of pairs that was announced. Fails if a figure does not hold.
//!
//! ```console
//! $ cargo run --release -p tachy-measure --example gate_trial -- \
//!       [--verdicts 2000] [--most 60] [--duels 100] [--metric time] [--cases FILE]
//! ```
//!
//! Every wrong verdict is appended to the file of cases with its pairs, and so are some right ones; those are what
//! `crates/stats/tests/replay.rs` judges anew.

mod cases;
mod equals;
mod power;
mod worker;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use tachy_measure::Metric;

/// How much to measure.
struct Settings {
    /// Verdicts on equals on each occasion.
    verdicts: usize,
    /// The most pairs of such a verdict.
    most: usize,
    /// Duels with a slow-down of each size.
    duels: usize,
    /// What decides in them.
    metric: Metric,
    /// The file of cases.
    cases: Option<PathBuf>,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [kind, rest @ ..] = arguments.as_slice()
        && worker::is_one(kind, rest)
    {
        return Ok(ExitCode::SUCCESS);
    }
    let settings = settings(&arguments)?;
    let mut cases = cases::Cases::new(settings.cases.as_deref())?;
    let mut broken = Vec::new();
    if settings.verdicts > 0 {
        broken.extend(equals::trial(&settings, false, &mut cases)?);
        broken.extend(equals::trial(&settings, true, &mut cases)?);
    }
    if settings.duels > 0 {
        broken.extend(power::trial(&settings, &mut cases)?);
    }
    for claim in &broken {
        println!("does not hold: {claim}");
    }
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn settings(arguments: &[String]) -> Result<Settings, Box<dyn Error>> {
    let mut settings =
        Settings { verdicts: 2000, most: 60, duels: 100, metric: Metric::Time, cases: None };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return Err(format!("{pair:?} lacks its value").into()) };
        match name.as_str() {
            "--verdicts" => settings.verdicts = value.parse()?,
            "--most" => settings.most = value.parse()?,
            "--duels" => settings.duels = value.parse()?,
            "--metric" => {
                settings.metric = match value.as_str() {
                    "time" => Metric::Time,
                    "processor-time" => Metric::ProcessorTime,
                    other => return Err(format!("`{other}` is not a metric of this trial").into()),
                }
            }
            "--cases" => settings.cases = Some(value.into()),
            other => return Err(format!("`{other}` is not an option of this trial").into()),
        }
    }
    Ok(settings)
}
