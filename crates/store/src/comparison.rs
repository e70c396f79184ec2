//! The run that a comparison is.

use std::collections::BTreeMap;

use tachy_measure::{Comparison, Outcome as Compared, Subject};

use crate::{Benchmark, Outcome, Run, RunId};

/// The label that keeps what was compared, so that it can be compared again.
const SUBJECT: &str = "subject";

impl Run {
    /// What the comparison compared that this run is, if it is one and tells.
    pub fn subject(&self) -> Option<Subject> {
        serde_json::from_str(self.labels.get(SUBJECT)?).ok()
    }
}

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
        let mut labels = BTreeMap::from([
            ("inputs".to_owned(), comparison.settings.inputs),
            ("reference".to_owned(), comparison.reference.to_string()),
            ("seconds".to_owned(), comparison.settings.seconds.to_string()),
            ("seed".to_owned(), comparison.settings.seed.to_string()),
        ]);
        if let Some(subject) = &comparison.subject {
            let text = serde_json::to_string(subject).expect("a subject is plain data");
            labels.insert(SUBJECT.to_owned(), text);
        }
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
        if let Some(speed) = comparison.machine_speed {
            benchmarks.push(Benchmark::of_machine_speed(speed));
        }
        Self {
            id: RunId::new(started),
            started,
            command: "compare".to_owned(),
            environment,
            labels,
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
