//! What Google Benchmark writes with `--benchmark_out_format=json`.

use std::collections::BTreeMap;

use serde::Deserialize;
use tachy_measure::{Cache, Environment, Metric};

use super::{date, measured, one_process, run, unexpected};
use crate::{Benchmark, Outcome, Run};

#[derive(Deserialize)]
struct File {
    context: Context,
    benchmarks: Vec<Entry>,
}

#[derive(Deserialize)]
struct Context {
    date: Option<String>,
    num_cpus: Option<usize>,
    #[serde(default)]
    caches: Vec<CacheEntry>,
    #[serde(default)]
    load_avg: Vec<f64>,
}

#[derive(Deserialize)]
struct CacheEntry {
    r#type: String,
    level: u8,
    size: u64,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    run_name: Option<String>,
    run_type: Option<String>,
    aggregate_name: Option<String>,
    #[serde(default)]
    error_occurred: bool,
    error_message: Option<String>,
    iterations: Option<f64>,
    real_time: Option<f64>,
    cpu_time: Option<f64>,
    time_unit: Option<String>,
}

/// The entries of one benchmark.
#[derive(Default)]
struct Gathered {
    real: Vec<f64>,
    processor: Vec<f64>,
    iterations: Vec<f64>,
    /// The median of repetitions that are not told one by one; the mean where there is no median.
    aggregate: Option<(f64, f64)>,
    error: Option<String>,
}

pub(super) fn read(json: serde_json::Value, content: &[u8], modified: u64) -> Result<Run, String> {
    let File { context, benchmarks } =
        serde_json::from_value(json).map_err(unexpected("Google Benchmark"))?;
    let mut names: Vec<String> = Vec::new();
    let mut gathered: BTreeMap<String, Gathered> = BTreeMap::new();
    for entry in benchmarks {
        let name = entry.run_name.clone().unwrap_or_else(|| entry.name.clone());
        if !gathered.contains_key(&name) {
            names.push(name.clone());
        }
        gathered.entry(name).or_default().add(entry)?;
    }
    let benchmarks = names
        .into_iter()
        .filter_map(|name| gathered.remove(&name)?.finish(name).transpose())
        .collect::<Result<_, String>>()?;
    let environment = Environment {
        logical_processors: context.num_cpus.unwrap_or(0),
        caches: context
            .caches
            .into_iter()
            .map(|cache| Cache { level: cache.level, kind: cache.r#type, bytes: cache.size })
            .collect(),
        load: context.load_avg.first().copied(),
        ..Environment::default()
    };
    let started = context.date.as_deref().and_then(date::milliseconds).unwrap_or(modified);
    run("google-benchmark", started, content, environment, benchmarks)
}

impl Gathered {
    fn add(&mut self, entry: Entry) -> Result<(), String> {
        if entry.error_occurred {
            let message = entry.error_message.unwrap_or_else(|| "It failed.".to_owned());
            self.error = Some(message);
            return Ok(());
        }
        let unit = match entry.time_unit.as_deref() {
            Some("ns") | None => 1e-9,
            Some("us") => 1e-6,
            Some("ms") => 1e-3,
            Some("s") => 1.0,
            Some(unit) => {
                return Err(format!("`{}` has the unknown unit of time `{unit}`.", entry.name));
            }
        };
        // Big-O fits and root mean squares have other fields, and are no times.
        let (Some(real), Some(processor)) = (entry.real_time, entry.cpu_time) else {
            return Ok(());
        };
        let times = (real * unit, processor * unit);
        match (entry.run_type.as_deref(), entry.aggregate_name.as_deref()) {
            (Some("aggregate"), Some("median")) => self.aggregate = Some(times),
            (Some("aggregate"), Some("mean")) => {
                self.aggregate.get_or_insert(times);
            }
            (Some("aggregate"), _) => {}
            _ => {
                self.real.push(times.0);
                self.processor.push(times.1);
                self.iterations.push(entry.iterations.unwrap_or(1.0));
            }
        }
        Ok(())
    }

    /// `None` where there is nothing but fits.
    fn finish(mut self, name: String) -> Result<Option<Benchmark>, String> {
        if let Some(message) = self.error {
            let outcome = Outcome::Failed { stage: None, message };
            return Ok(Some(Benchmark { name, parameters: BTreeMap::new(), outcome }));
        }
        if self.real.is_empty() {
            let Some((real, processor)) = self.aggregate else { return Ok(None) };
            (self.real, self.processor) = (vec![real], vec![processor]);
        }
        let calls = self.iterations.iter().sum::<f64>() / self.iterations.len().max(1) as f64;
        let measurements = vec![
            one_process(Metric::Time, self.real, calls)?,
            one_process(Metric::ProcessorTime, self.processor, calls)?,
        ];
        Ok(Some(measured(&name, BTreeMap::new(), measurements)))
    }
}
