//! The run that benchmarks of functions are.

use std::collections::BTreeMap;

use tachy_measure::function::{Benchmark as Function, Outcome as Measured, Record, Throughput};

use crate::{Benchmark, Outcome, Run, RunId};

/// One benchmark for each, with the same name and parameters, and the speed of the machine.
impl From<Record> for Run {
    fn from(record: Record) -> Self {
        let labels = [
            ("seconds".to_owned(), record.settings.seconds.to_string()),
            ("seed".to_owned(), record.settings.seed.to_string()),
        ];
        let benchmarks = record.benchmarks.into_iter().map(|benchmark| Benchmark {
            parameters: parameters(&benchmark),
            name: benchmark.name,
            outcome: match benchmark.outcome {
                Measured::Measured { measurements, warm_ups } => {
                    Outcome::Measured { agreement: None, measurements, warm_ups }
                }
                Measured::Failed { stage, message } => {
                    Outcome::Failed { stage: Some(stage), message }
                }
            },
        });
        let speed = record.machine_speed.map(Benchmark::of_machine_speed);
        Self {
            id: RunId::new(record.started),
            started: record.started,
            command: "cargo-bench".to_owned(),
            environment: record.environment,
            labels: labels.into(),
            benchmarks: benchmarks.chain(speed).collect(),
        }
    }
}

/// The benchmark's own, and what an iteration works through, in `bytes` or `items`: who works through more has not become
/// slower.
fn parameters(benchmark: &Function) -> BTreeMap<String, String> {
    let mut parameters = benchmark.parameters.clone();
    if let Some(throughput) = benchmark.throughput {
        let unit = match throughput {
            Throughput::Bytes(_) => "bytes",
            Throughput::Items(_) => "items",
        };
        parameters.entry(unit.to_owned()).or_insert_with(|| throughput.amount().to_string());
    }
    parameters
}
