//! The runs that duels and checks of two revisions are.

use std::collections::BTreeMap;

use tachy_measure::duel::{Part, Record, Side};
use tachy_measure::gate::GateRecord;
use tachy_measure::{Measurement, Series};
use tachy_stats::Samples;

use crate::{Benchmark, Outcome, Run, RunId};

/// One benchmark for each command, named after it. A duel of a command with itself has a parameter that tells the sides.
impl From<&Record> for Run {
    fn from(record: &Record) -> Self {
        let started = record.started * 1000;
        let lines = [&record.options.reference.line, &record.options.candidate.line];
        let sides = [(Side::Reference, "reference"), (Side::Candidate, "candidate")];
        let benchmark = |(line, (side, name)): (&String, (Side, &str))| Benchmark {
            name: line.clone(),
            parameters: match lines[0] == lines[1] {
                true => BTreeMap::from([("side".to_owned(), name.to_owned())]),
                false => BTreeMap::new(),
            },
            outcome: measured(record, side),
        };
        Self {
            id: RunId::new(started),
            started,
            command: "duel".to_owned(),
            environment: record.environment.clone(),
            labels: BTreeMap::from([("seed".to_owned(), record.options.seed.to_string())]),
            benchmarks: lines.into_iter().zip(sides).map(benchmark).collect(),
        }
    }
}

/// One benchmark for each of the suite, as it stands here; the other revision's figures are its own run's.
impl From<&GateRecord> for Run {
    fn from(record: &GateRecord) -> Self {
        let started = record.started * 1000;
        let benchmarks = record.benchmarks.iter().filter_map(|benchmark| {
            let outcome = match (&benchmark.failure, benchmark.second.as_ref(), &benchmark.first) {
                (Some(message), ..) => Outcome::Failed { stage: None, message: message.clone() },
                (None, Some(duel), _) | (None, None, Some(duel)) => measured(duel, Side::Candidate),
                (None, None, None) => return None,
            };
            Some(Benchmark { name: benchmark.name.clone(), parameters: BTreeMap::new(), outcome })
        });
        Self {
            id: RunId::new(started),
            started,
            command: "check".to_owned(),
            environment: record.environment.clone(),
            labels: BTreeMap::from([("against".to_owned(), record.revisions.reference.clone())]),
            benchmarks: benchmarks.collect(),
        }
    }
}

/// Every process of one side in the pairs that count, each with its one sample.
fn measured(record: &Record, side: Side) -> Outcome {
    let pairs = || record.pairs.iter().filter(|pair| pair.part == Part::Duel);
    let measurement = |metric| {
        let series = |value| Series {
            // What was judged is finite.
            samples: Samples::new(vec![value]).unwrap_or_default(),
            rounds: Vec::new(),
            calls_per_sample: 1,
        };
        let usages = pairs().map(|pair| match side {
            Side::Reference => pair.reference,
            Side::Candidate => pair.candidate,
        });
        let processes = usages.filter_map(|usage| usage.value(metric)).map(series).collect();
        Measurement { metric, unit: metric.unit(), processes }
    };
    let metrics = record.verdicts.iter().map(|verdict| verdict.metric);
    Outcome::Measured {
        agreement: None,
        measurements: metrics.map(measurement).collect(),
        warm_ups: Vec::new(),
    }
}
