//! The run that a comparison is.

use std::collections::BTreeMap;

use tachy_measure::{Comparison, Outcome as Compared};

use crate::{Benchmark, Outcome, Run, RunId};

/// One benchmark for each device, named after the model; its parameters are the device, the threads and the inputs'
/// types, which tell the batch and the precision.
impl From<Comparison> for Run {
    fn from(comparison: Comparison) -> Self {
        let started = comparison.started * 1000;
        let name = comparison.model.name.strip_prefix("./").unwrap_or(&comparison.model.name);
        let shared = [
            ("inputs".to_owned(), comparison.model.inputs.join(", ")),
            ("threads".to_owned(), comparison.settings.threads.to_string()),
        ];
        let labels = [
            ("inputs".to_owned(), comparison.settings.inputs),
            ("reference".to_owned(), comparison.reference.to_string()),
            ("seconds".to_owned(), comparison.settings.seconds.to_string()),
            ("seed".to_owned(), comparison.settings.seed.to_string()),
        ];
        let mut environment = comparison.environment;
        let mut benchmarks = Vec::new();
        for row in comparison.rows {
            let device = row.device.to_string();
            environment.engines.insert(device.clone(), row.description);
            let mut parameters = BTreeMap::from(shared.clone());
            parameters.insert("device".to_owned(), device);
            benchmarks.push(Benchmark {
                name: name.to_owned(),
                parameters,
                outcome: row.outcome.into(),
            });
        }
        Self {
            id: RunId::new(started),
            started,
            command: "compare".to_owned(),
            environment,
            labels: labels.into(),
            benchmarks,
        }
    }
}

impl From<Compared> for Outcome {
    fn from(outcome: Compared) -> Self {
        match outcome {
            Compared::Measured(measured) => Self::Measured {
                agreement: Some(measured.agreement),
                measurements: measured.measurements,
                warm_ups: measured.warm_ups,
            },
            Compared::Wrong { agreement } => Self::Wrong { agreement },
            Compared::Failed { stage, message } => Self::Failed { stage: Some(stage), message },
        }
    }
}
