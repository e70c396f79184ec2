//! What is remembered: a run with its benchmarks, their samples and the circumstances.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use tachy_measure::{Agreement, Environment, Measurement, Stage, WarmUp};

use crate::{REFERENCE, RunId};

/// The label that says which part of a suite a run is: `3/8`.
pub const PARTITION: &str = "partition";

/// The label that all parts of one suite share.
pub const SUITE: &str = "suite";

/// Everything that one command measured. It never changes once it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// When it began: milliseconds since 1970-01-01 UTC.
    pub started: u64,
    /// What made it: `compare`, `bench`, `duel`, `check`, `cargo-bench`, `import:criterion` and so on.
    pub command: String,
    /// Where it was measured, and of which commit.
    pub environment: Environment,
    /// What else is worth knowing, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What was measured, in order. No two have the same name and parameters.
    pub benchmarks: Vec<Benchmark>,
}

/// One thing that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benchmark {
    /// Its name, the same in every run: `zoo:resnet-18`.
    pub name: String,
    /// What it was measured with, the same in every run that is to be compared: `device`, `threads`, `batch` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Benchmark {
    /// The kernel that never changes, by which histories are freed of the machine's moods.
    pub(crate) fn of_machine_speed(speed: Measurement) -> Self {
        Self {
            name: REFERENCE.to_owned(),
            parameters: BTreeMap::new(),
            outcome: Outcome::Measured {
                agreement: None,
                measurements: vec![speed],
                warm_ups: Vec::new(),
            },
        }
    }
}

/// What came of a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Outcome {
    /// It was timed.
    Measured {
        /// How its outputs compare with the reference, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agreement: Option<Agreement>,
        /// One for each metric: raw samples in run order, process by process.
        measurements: Vec<Measurement>,
        /// How each process warmed up.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warm_ups: Vec<WarmUp>,
    },
    /// Its outputs differ from the reference, so it was not timed.
    Wrong {
        /// How far off they are.
        agreement: Agreement,
    },
    /// It failed, crashed or hung.
    Failed {
        /// What it was doing, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stage: Option<Stage>,
        /// What happened, as a sentence.
        message: String,
    },
}

impl Outcome {
    /// The measurements; none unless it was measured.
    pub fn measurements(&self) -> &[Measurement] {
        match self {
            Outcome::Measured { measurements, .. } => measurements,
            Outcome::Wrong { .. } | Outcome::Failed { .. } => &[],
        }
    }

    /// The same with empty samples, which are stored apart.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "parquet"))]
    pub(crate) fn without_samples(&self) -> Self {
        let Outcome::Measured { agreement, measurements, warm_ups } = self else {
            return self.clone();
        };
        let bare = |series: &tachy_measure::Series| tachy_measure::Series {
            samples: tachy_stats::Samples::default(),
            rounds: series.rounds.clone(),
            calls_per_sample: series.calls_per_sample,
        };
        let measurements = measurements.iter().map(|measurement| Measurement {
            metric: measurement.metric,
            unit: measurement.unit,
            processes: measurement.processes.iter().map(bare).collect(),
        });
        Outcome::Measured {
            agreement: agreement.clone(),
            measurements: measurements.collect(),
            warm_ups: warm_ups.clone(),
        }
    }

    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "parquet"))]
    pub(crate) fn measurements_mut(&mut self) -> &mut [Measurement] {
        match self {
            Outcome::Measured { measurements, .. } => measurements,
            Outcome::Wrong { .. } | Outcome::Failed { .. } => &mut [],
        }
    }
}

/// Why a run cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRun {
    /// Two benchmarks cannot be told apart.
    #[error(
        "the benchmark `{name}` is in the run twice with the same parameters ({parameters}); give one of them \
         another name or another parameter"
    )]
    SameBenchmark {
        /// Their name.
        name: String,
        /// Their parameters.
        parameters: String,
    },
    /// A benchmark without a name.
    #[error("a benchmark of the run has no name; give it one")]
    Nameless,
    /// A metric was measured twice.
    #[error(
        "the benchmark `{name}` has its {metric} twice; put all processes into one measurement"
    )]
    SameMetric {
        /// The benchmark's name.
        name: String,
        /// The metric.
        metric: &'static str,
    },
    /// A time that no store can hold.
    #[error("the run began at {0} ms since 1970, which is beyond the year 10000; correct its time")]
    TooLate(u64),
}

/// The end of the year 9999, in milliseconds: what the longest-lived tools can print.
const LAST_MOMENT: u64 = 253_402_300_799_999;

impl Run {
    /// Whether it can be stored.
    ///
    /// # Errors
    /// A benchmark without a name or with another's name and parameters, a metric that is there twice, or a time
    /// beyond the year 9999.
    pub fn check(&self) -> Result<(), InvalidRun> {
        if self.started > LAST_MOMENT {
            return Err(InvalidRun::TooLate(self.started));
        }
        let mut benchmarks = HashSet::new();
        for benchmark in &self.benchmarks {
            let Benchmark { name, parameters, outcome } = benchmark;
            if name.is_empty() {
                return Err(InvalidRun::Nameless);
            }
            if !benchmarks.insert((name, parameters)) {
                let parameters = parameters.iter().map(|(key, value)| format!("{key}={value}"));
                let parameters = parameters.collect::<Vec<_>>().join(" ");
                return Err(InvalidRun::SameBenchmark { name: name.clone(), parameters });
            }
            let mut metrics = HashSet::new();
            for measurement in outcome.measurements() {
                if !metrics.insert(measurement.metric) {
                    let metric = measurement.metric.name();
                    return Err(InvalidRun::SameMetric { name: name.clone(), metric });
                }
            }
        }
        Ok(())
    }
}
