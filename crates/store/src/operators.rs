//! The run that a comparison on operators is.

use std::collections::BTreeMap;

use tachy_measure::operators::{FamilyCrossings, OperatorComparison, PointOutcome, crossings};

use crate::{Benchmark, Outcome, Run, RunId};

/// The label that keeps who overtakes whom.
pub(crate) const CROSSINGS: &str = "crossings";

impl Run {
    /// Who overtakes whom from which size on, if the run is a comparison on operators.
    pub fn crossings(&self) -> Option<Vec<FamilyCrossings>> {
        serde_json::from_str(self.labels.get(CROSSINGS)?).ok()
    }
}

/// One benchmark for each case on each device, named after the case; its parameters are the device and the threads.
impl From<OperatorComparison> for Run {
    fn from(comparison: OperatorComparison) -> Self {
        let started = comparison.started * 1000;
        let crossings = crossings(&comparison);
        let crossings = serde_json::to_string(&crossings).expect("crossovers are plain data");
        let labels = BTreeMap::from([
            (CROSSINGS.to_owned(), crossings),
            ("seconds".to_owned(), comparison.settings.seconds.to_string()),
            ("seed".to_owned(), comparison.settings.seed.to_string()),
        ]);
        let mut environment = comparison.environment;
        for described in comparison.devices {
            environment.engines.insert(described.device.to_string(), described.description);
        }
        let threads = comparison.settings.threads.to_string();
        let benchmarks = comparison.points.into_iter().flat_map(|point| {
            let (name, threads) = (format!("op:{}", point.case), threads.clone());
            point.rows.into_iter().map(move |row| Benchmark {
                name: name.clone(),
                parameters: BTreeMap::from([
                    ("device".to_owned(), row.device.to_string()),
                    ("threads".to_owned(), threads.clone()),
                ]),
                outcome: row.outcome.into(),
            })
        });
        let speed = comparison.machine_speed.map(Benchmark::of_machine_speed);
        Self {
            id: RunId::new(started),
            started,
            command: "compare-op".to_owned(),
            environment,
            labels,
            benchmarks: benchmarks.chain(speed).collect(),
        }
    }
}

impl From<PointOutcome> for Outcome {
    fn from(outcome: PointOutcome) -> Self {
        match outcome {
            PointOutcome::Measured(measured) => Self::Measured {
                agreement: Some(measured.agreement),
                measurements: measured.measurements,
                warm_ups: measured.warm_ups,
            },
            PointOutcome::Wrong { agreement } => Self::Wrong { agreement },
            PointOutcome::Unsupported { message } => Self::Failed { stage: None, message },
            PointOutcome::Failed { stage, message } => Self::Failed { stage: Some(stage), message },
        }
    }
}
