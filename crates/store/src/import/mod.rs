//! Results of other tools, read as runs.
//!
//! Which tool wrote a file is seen from its content. The same content always gives a run of the same name, so that
//! importing it again adds nothing.
//!
//! | tool | what is read | samples |
//! |---|---|---|
//! | criterion | the folder `target/criterion`: `new/benchmark.json`, `new/sample.json` (or `new/estimates.json`) | all, in order |
//! | divan | what it prints | its median alone, for it prints no samples |
//! | hyperfine | `--export-json` | all; each is a process of its own |
//! | Google Benchmark | `--benchmark_out_format=json` | one for each repetition; the median where only aggregates are told |
//! | pytest-benchmark | `--benchmark-json` | all, in order; the median where data were not saved |

mod criterion;
mod date;
mod divan;
mod google_benchmark;
mod hyperfine;
mod pytest_benchmark;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::UNIX_EPOCH;

use tachy_measure::{Environment, Measurement, Metric, Series};
use tachy_stats::Samples;

use crate::file::unreadable;
use crate::{Benchmark, Outcome, Run, RunId, StoreError};

pub use criterion::CriterionFiles;

/// Reads a file, or a folder of criterion's.
///
/// # Errors
/// If it cannot be read, or is none of the formats.
pub fn read(path: &Path) -> Result<Run, StoreError> {
    let fault = |detail: String| StoreError::Format { file: path.display().to_string(), detail };
    if path.is_dir() {
        let files = criterion::find(path)?;
        return criterion::run(&files).map_err(fault);
    }
    let content = std::fs::read(path).map_err(|error| unreadable(path, error))?;
    parse(&content, modified(path)).map_err(fault)
}

/// Reads criterion's files, however they were found.
///
/// # Errors
/// What is wrong with them, as a sentence.
pub fn criterion(files: &[CriterionFiles]) -> Result<Run, String> {
    criterion::run(files)
}

/// Reads what a tool wrote into one file. `modified` is when, in milliseconds since 1970, for tools that do not say.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub fn parse(content: &[u8], modified: u64) -> Result<Run, String> {
    let text = std::str::from_utf8(content).map_err(|_| UNKNOWN.to_owned())?;
    let text = text.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with('{') {
        return divan::parse(text, modified);
    }
    let json: serde_json::Value =
        serde_json::from_str(text).map_err(|error| format!("it is no valid JSON: {error}."))?;
    let has = |name: &str| json.get(name).is_some();
    let read = match () {
        () if has("machine_info") && has("benchmarks") => pytest_benchmark::read,
        () if has("context") && has("benchmarks") => google_benchmark::read,
        () if has("results") => hyperfine::read,
        () => return Err(UNKNOWN.to_owned()),
    };
    read(json, content, modified)
}

const UNKNOWN: &str = "it is none of the formats that are known: what `tachy export` writes, criterion's folder, what \
                       divan prints, or the JSON of hyperfine, Google Benchmark or pytest-benchmark.";

/// When a file was written, in milliseconds since 1970; 0 where the system does not know.
fn modified(path: &Path) -> u64 {
    let time = path.metadata().and_then(|metadata| metadata.modified()).ok();
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

/// A run of a tool. Benchmarks of one name and the same parameters are told apart by a number.
fn run(
    tool: &str,
    started: u64,
    content: &[u8],
    environment: Environment,
    mut benchmarks: Vec<Benchmark>,
) -> Result<Run, String> {
    if benchmarks.is_empty() {
        return Err(format!("it holds no benchmark of {tool}."));
    }
    let mut seen = HashSet::new();
    for benchmark in &mut benchmarks {
        if benchmark.name.is_empty() {
            return Err(format!("a benchmark of {tool} has no name in it."));
        }
        let mut number = 1;
        while !seen.insert((benchmark.name.clone(), benchmark.parameters.clone())) {
            number += 1;
            benchmark.parameters.insert("number".to_owned(), number.to_string());
        }
    }
    let run = Run {
        id: RunId::of_content(started, content),
        started,
        command: format!("import:{tool}"),
        environment,
        labels: BTreeMap::new(),
        benchmarks,
    };
    run.check().map_err(|error| format!("{error}."))?;
    Ok(run)
}

/// A benchmark that was measured.
fn measured(
    name: &str,
    parameters: BTreeMap<String, String>,
    measurements: Vec<Measurement>,
) -> Benchmark {
    let outcome = Outcome::Measured { agreement: None, measurements, warm_ups: Vec::new() };
    Benchmark { name: name.to_owned(), parameters, outcome }
}

/// Samples of one process, each the mean of so many calls.
fn one_process(metric: Metric, values: Vec<f64>, calls: f64) -> Result<Measurement, String> {
    let calls_per_sample = calls.round().clamp(1.0, f64::from(u32::MAX)) as u32;
    let samples = Samples::new(values).map_err(|error| format!("{error}."))?;
    let processes = vec![Series { samples, rounds: Vec::new(), calls_per_sample }];
    Ok(Measurement { metric, unit: metric.unit(), processes })
}

/// Samples of as many processes.
fn own_processes(metric: Metric, values: Vec<f64>) -> Result<Measurement, String> {
    let processes = values.into_iter().map(|value| {
        let samples = Samples::new(vec![value]).map_err(|error| format!("{error}."))?;
        Ok(Series { samples, rounds: Vec::new(), calls_per_sample: 1 })
    });
    let processes = processes.collect::<Result<_, String>>()?;
    Ok(Measurement { metric, unit: metric.unit(), processes })
}

/// A value of JSON as a parameter: texts as they are.
fn parameter(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What serde says, as the rest of a sentence.
fn unexpected(tool: &str) -> impl Fn(serde_json::Error) -> String + '_ {
    move |error| format!("it looks like the JSON of {tool}, but {error}.")
}
