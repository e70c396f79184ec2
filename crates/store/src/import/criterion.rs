//! What criterion leaves in `target/criterion`: a folder for each benchmark, and in it the latest results under `new`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tachy_measure::{Environment, Metric};

use super::{measured, modified, one_process};
use crate::file::unreadable;
use crate::{Run, StoreError};

/// The files of one benchmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriterionFiles {
    /// `benchmark.json`: what it is called.
    pub benchmark: Vec<u8>,
    /// `sample.json`: the raw times, where they were kept.
    pub sample: Option<Vec<u8>>,
    /// `estimates.json`: read where there is no sample.
    pub estimates: Option<Vec<u8>>,
    /// When they were written, in milliseconds since 1970.
    pub modified: u64,
}

#[derive(Deserialize)]
struct Name {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
}

/// Times are in nanoseconds, for so many iterations each.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// Folders of folders deeper than this are no benchmarks.
const DEEPEST: usize = 12;

/// The files of all benchmarks in a folder, in the order of their paths.
pub(super) fn find(folder: &Path) -> Result<Vec<CriterionFiles>, StoreError> {
    let mut found = Vec::new();
    search(folder, 0, &mut found)?;
    if found.is_empty() {
        return Err(StoreError::Format {
            file: folder.display().to_string(),
            detail: "the folder holds no results of criterion: no `new/benchmark.json` is below it. They are in \
                     `target/criterion` after `cargo bench`."
                .to_owned(),
        });
    }
    found.sort();
    let read = |new: &PathBuf| {
        let file = |name: &str| {
            let path = new.join(name);
            match std::fs::read(&path) {
                Ok(content) => Ok(Some(content)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(unreadable(&path, error)),
            }
        };
        Ok(CriterionFiles {
            benchmark: file("benchmark.json")?.unwrap_or_default(),
            sample: file("sample.json")?,
            estimates: file("estimates.json")?,
            modified: modified(&new.join("benchmark.json")),
        })
    };
    found.iter().map(read).collect()
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), StoreError> {
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    for entry in entries.flatten() {
        let path = entry.path();
        // A link may lead back to where it is.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if path.file_name().is_some_and(|name| name == "new")
            && path.join("benchmark.json").is_file()
        {
            found.push(path);
        } else if depth < DEEPEST {
            search(&path, depth + 1, found)?;
        }
    }
    Ok(())
}

/// One run of all benchmarks.
pub(super) fn run(files: &[CriterionFiles]) -> Result<Run, String> {
    let mut content = Vec::new();
    let mut benchmarks = Vec::new();
    for file in files {
        let name: Name = json(&file.benchmark, "benchmark.json")?;
        let function = name.function_id.filter(|function| !function.is_empty());
        let title = match function {
            Some(function) => format!("{}/{function}", name.group_id),
            None => name.group_id,
        };
        let parameters: BTreeMap<String, String> =
            name.value_str.map(|value| ("value".to_owned(), value)).into_iter().collect();
        content.extend(&file.benchmark);
        let (times, calls) = match (&file.sample, &file.estimates) {
            (Some(sample), _) => {
                content.extend(sample);
                times(json(sample, "sample.json")?, &title)?
            }
            (None, Some(estimates)) => {
                content.extend(estimates);
                let estimates: Estimates = json(estimates, "estimates.json")?;
                (vec![estimates.median.point_estimate * 1e-9], 1.0)
            }
            (None, None) => {
                return Err(format!(
                    "`{title}` has neither a `sample.json` nor an `estimates.json`."
                ));
            }
        };
        benchmarks.push(measured(
            &title,
            parameters,
            vec![one_process(Metric::Time, times, calls)?],
        ));
    }
    let started = files.iter().map(|file| file.modified).max().unwrap_or(0);
    super::run("criterion", started, &content, Environment::default(), benchmarks)
}

/// The time of an iteration in each sample, in seconds, and the mean number of iterations.
fn times(sample: Sample, title: &str) -> Result<(Vec<f64>, f64), String> {
    let Sample { iters, times } = sample;
    if iters.len() != times.len() || iters.is_empty() {
        return Err(format!(
            "the `sample.json` of `{title}` has {} times for {} counts of iterations.",
            times.len(),
            iters.len()
        ));
    }
    let calls = iters.iter().sum::<f64>() / iters.len() as f64;
    let times = times.iter().zip(&iters).map(|(time, iterations)| time * 1e-9 / iterations);
    Ok((times.collect(), calls))
}

fn json<T: serde::de::DeserializeOwned>(content: &[u8], file: &str) -> Result<T, String> {
    serde_json::from_slice(content)
        .map_err(|error| format!("a `{file}` is not as criterion writes it: {error}."))
}
