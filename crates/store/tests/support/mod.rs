//! Runs to test with.
#![allow(dead_code, reason = "each test program uses some of it")]

use std::collections::BTreeMap;
use std::path::Path;

use tachy_measure::{Environment, Measurement, Metric, Series};
use tachy_stats::Samples;
use tachy_store::{Benchmark, OpenOptions, Outcome, Place, Run, RunId, Store};

/// A store in a file.
pub fn store(path: &Path) -> Box<dyn Store> {
    tachy_store::open(&Place::File(path.to_owned())).unwrap()
}

/// A store in a file that is not waited for.
pub fn impatient(path: &Path) -> Result<Box<dyn Store>, tachy_store::StoreError> {
    let options = OpenOptions { patience: std::time::Duration::from_millis(50), create: true };
    tachy_store::open_with(&Place::File(path.to_owned()), options)
}

/// A measurement with these samples, process by process.
pub fn measurement(metric: Metric, processes: &[&[f64]]) -> Measurement {
    let series = |samples: &&[f64]| Series {
        samples: Samples::new(samples.to_vec()).unwrap(),
        rounds: Vec::new(),
        calls_per_sample: 1,
    };
    Measurement { metric, unit: metric.unit(), processes: processes.iter().map(series).collect() }
}

/// A benchmark that was measured.
pub fn benchmark(name: &str, measurements: Vec<Measurement>) -> Benchmark {
    Benchmark {
        name: name.to_owned(),
        parameters: BTreeMap::from([("device".to_owned(), "cpu".to_owned())]),
        outcome: Outcome::Measured { agreement: None, measurements, warm_ups: Vec::new() },
    }
}

/// A run at a time, in milliseconds.
pub fn run(started: u64, benchmarks: Vec<Benchmark>) -> Run {
    let environment = Environment {
        processor: "Example 9000".to_owned(),
        logical_processors: 2,
        commit: Some(format!("{started:040x}")),
        ..Environment::default()
    };
    Run {
        id: RunId::new(started),
        started,
        command: "bench".to_owned(),
        environment,
        labels: BTreeMap::new(),
        benchmarks,
    }
}

/// A run of two benchmarks with a few samples that tell its time.
pub fn small(started: u64) -> Run {
    let time = started as f64;
    let first = measurement(Metric::Run, &[&[time, time + 1.0, time + 2.0], &[time; 4]]);
    let second = measurement(Metric::PeakMemory, &[&[4096.0 * time], &[4096.0]]);
    run(
        started,
        vec![benchmark("first", vec![first.clone(), second]), benchmark("second", vec![first])],
    )
}
