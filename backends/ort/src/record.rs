//! The library's own record of when each node ran.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use tachy_graph::cost::Cost;
use tachy_runtime::{Error, Result, StepRun, StepTime};
use tempfile::TempDir;

use crate::backend::NAME;

/// Where the library writes its record; the folder goes with this.
pub(crate) struct Record(TempDir);

impl Record {
    pub(crate) fn new() -> Result<Self> {
        tempfile::Builder::new()
            .prefix("tachy-onnxruntime-")
            .tempdir()
            .map(Self)
            .map_err(|error| failed("make a folder for the record of the steps", error))
    }

    /// What the names of the library's files begin with.
    pub(crate) fn prefix(&self) -> PathBuf {
        self.0.path().join("record")
    }

    /// The last runs of the record that the library has written to this path: as many as took these times.
    pub(crate) fn read(&self, path: &str, durations: &[Duration]) -> Result<Vec<StepRun>> {
        let action = "read the record of the steps";
        let text = fs::read(path).map_err(|error| failed(action, error))?;
        let events: Vec<Event> =
            serde_json::from_slice(&text).map_err(|error| failed(action, error))?;
        runs(&events, durations).ok_or_else(|| {
            failed(action, "it holds fewer runs than were made; the library keeps a million events")
        })
    }
}

fn failed(action: &'static str, error: impl ToString) -> Error {
    Error::Engine { backend: NAME, action, message: error.to_string() }
}

/// An event of the record, in the format of Chrome's traces: times in microseconds.
#[derive(Debug, Deserialize)]
struct Event {
    cat: String,
    name: String,
    ts: u64,
    dur: u64,
    #[serde(default)]
    args: Arguments,
}

impl Event {
    fn is_within(&self, other: &Self) -> bool {
        self.ts >= other.ts && self.ts + self.dur <= other.ts + other.dur
    }
}

/// What the library tells of a node; numbers are texts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Arguments {
    op_name: String,
    provider: String,
    activation_size: String,
    parameter_size: String,
    output_size: String,
}

/// The last runs, as many as took these times, each with its nodes.
fn runs(events: &[Event], durations: &[Duration]) -> Option<Vec<StepRun>> {
    let is_node = |event: &&Event| event.cat == "Node" && event.name.ends_with(KERNEL);
    let mut nodes: Vec<&Event> = events.iter().filter(is_node).collect();
    nodes.sort_by_key(|node| node.ts);
    let of_runs = events.iter().filter(|event| event.cat == "Session" && event.name == "model_run");
    let mut of_runs: Vec<&Event> = of_runs.collect();
    of_runs.sort_by_key(|run| run.ts);
    let skipped = of_runs.len().checked_sub(durations.len())?;
    let runs = of_runs[skipped..].iter().zip(durations).map(|(run, duration)| {
        let first = nodes.partition_point(|node| node.ts < run.ts);
        let own = nodes[first..].iter().take_while(|node| node.ts <= run.ts + run.dur);
        // The library's run lies somewhere in what was timed around it.
        let around = duration.saturating_sub(micros(run.dur));
        let steps = own.filter(|node| node.is_within(run)).map(|node| StepTime {
            node: node.name.strip_suffix(KERNEL).unwrap_or(&node.name).to_owned(),
            operator: node.args.op_name.clone().into(),
            detail: node.args.provider.trim_end_matches("ExecutionProvider").to_owned(),
            cost: node.args.cost(),
            start: around / 2 + micros(node.ts - run.ts),
            duration: micros(node.dur),
        });
        StepRun { duration: *duration, clock_error: around / 2, steps: steps.collect() }
    });
    Some(runs.collect())
}

/// What the names of the events of nodes end with.
const KERNEL: &str = "_kernel_time";

fn micros(count: u64) -> Duration {
    Duration::from_micros(count)
}

impl Arguments {
    /// The bytes that the node reads and writes; the library does not count operations.
    fn cost(&self) -> Cost {
        let bytes = |text: &str| text.parse().unwrap_or(0.0);
        Cost {
            flops: 0.0,
            bytes_read: bytes(&self.activation_size) + bytes(&self.parameter_size),
            bytes_written: bytes(&self.output_size),
        }
    }
}
