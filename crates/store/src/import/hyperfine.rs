//! What `hyperfine --export-json` writes.

use std::collections::BTreeMap;

use serde::Deserialize;
use tachy_measure::{Environment, Metric};

use super::{measured, one_process, own_processes, parameter, run, unexpected};
use crate::Run;

#[derive(Deserialize)]
struct Results {
    results: Vec<Command>,
}

/// Times are in seconds, memory in bytes.
#[derive(Deserialize)]
struct Command {
    command: String,
    #[serde(default)]
    times: Vec<f64>,
    median: f64,
    user: Option<f64>,
    system: Option<f64>,
    #[serde(default)]
    memory_usage_byte: Vec<f64>,
    #[serde(default)]
    parameters: BTreeMap<String, serde_json::Value>,
}

pub(super) fn read(json: serde_json::Value, content: &[u8], modified: u64) -> Result<Run, String> {
    let Results { results } = serde_json::from_value(json).map_err(unexpected("hyperfine"))?;
    let benchmark = |command: Command| {
        // Every time is that of a program of its own.
        let mut measurements = match command.times.is_empty() {
            true => vec![one_process(Metric::Time, vec![command.median], 1.0)?],
            false => vec![own_processes(Metric::Time, command.times)?],
        };
        // Of these only the mean is told.
        if let (Some(user), Some(system)) = (command.user, command.system) {
            measurements.push(one_process(Metric::ProcessorTime, vec![user + system], 1.0)?);
        }
        if !command.memory_usage_byte.is_empty() {
            measurements.push(own_processes(Metric::PeakMemory, command.memory_usage_byte)?);
        }
        let parameters = command.parameters.iter();
        let parameters = parameters.map(|(name, value)| (name.clone(), parameter(value))).collect();
        Ok(measured(&command.command, parameters, measurements))
    };
    let benchmarks = results.into_iter().map(benchmark).collect::<Result<_, String>>()?;
    run("hyperfine", modified, content, Environment::default(), benchmarks)
}
