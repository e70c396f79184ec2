//! What pytest-benchmark writes with `--benchmark-json`, and saves with `--benchmark-save`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use tachy_measure::{Environment, Metric};

use super::{date, measured, one_process, parameter, run, unexpected};
use crate::Run;

#[derive(Deserialize)]
struct File {
    machine_info: Value,
    commit_info: Option<Commit>,
    benchmarks: Vec<Entry>,
    datetime: Option<String>,
}

#[derive(Deserialize)]
struct Commit {
    id: Option<String>,
    dirty: Option<bool>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    fullname: Option<String>,
    params: Option<BTreeMap<String, Value>>,
    stats: Stats,
}

/// In seconds.
#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    data: Vec<f64>,
    median: f64,
    iterations: Option<f64>,
}

pub(super) fn read(json: Value, content: &[u8], modified: u64) -> Result<Run, String> {
    let File { machine_info, commit_info, benchmarks, datetime } =
        serde_json::from_value(json).map_err(unexpected("pytest-benchmark"))?;
    let benchmark = |entry: Entry| {
        let data = match entry.stats.data.is_empty() {
            true => vec![entry.stats.median],
            false => entry.stats.data,
        };
        let calls = entry.stats.iterations.unwrap_or(1.0);
        let parameters = entry.params.unwrap_or_default();
        let name = entry.fullname.unwrap_or(entry.name);
        // The parameters stand in brackets behind the name, too, and not always spelt alike.
        let name = match parameters.is_empty() {
            true => &name,
            false => name.split_once('[').map_or(&*name, |(name, _)| name),
        };
        let parameters =
            parameters.iter().map(|(name, value)| (name.clone(), parameter(value))).collect();
        Ok(measured(name, parameters, vec![one_process(Metric::Time, data, calls)?]))
    };
    let benchmarks = benchmarks.into_iter().map(benchmark).collect::<Result<_, String>>()?;
    let commit = commit_info.filter(|commit| commit.id.as_deref() != Some("unversioned"));
    let environment = Environment {
        dirty: commit.as_ref().and_then(|commit| commit.dirty),
        commit: commit.and_then(|commit| commit.id),
        ..machine(&machine_info)
    };
    let started = datetime.as_deref().and_then(date::milliseconds).unwrap_or(modified);
    let mut run = run("pytest-benchmark", started, content, environment, benchmarks)?;
    let python = ["python_implementation", "python_version"]
        .map(|name| machine_info[name].as_str().unwrap_or_default());
    if !python.concat().is_empty() {
        run.labels.insert("python".to_owned(), python.join(" ").trim().to_owned());
    }
    Ok(run)
}

fn machine(info: &Value) -> Environment {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let count = info["cpu"]["count"].as_u64().and_then(|count| usize::try_from(count).ok());
    Environment {
        system: text(&info["system"]),
        kernel: info["release"].as_str().map(str::to_owned),
        architecture: text(&info["machine"]),
        processor: text(&info["cpu"]["brand_raw"]),
        logical_processors: count.unwrap_or(0),
        ..Environment::default()
    }
}
