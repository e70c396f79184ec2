//! The run that a comparison of variants is.

use std::collections::BTreeMap;

use tachy_measure::variants::{VariantComparison, crossings};

use crate::operators::CROSSINGS;
use crate::{Benchmark, Run, RunId};

/// One benchmark for each row, named after the model; its parameters are the device, the threads, the precision and the inputs'
/// types, which tell the resolution and the batch size.
impl From<VariantComparison> for Run {
    fn from(comparison: VariantComparison) -> Self {
        let started = comparison.started * 1000;
        let mut labels = BTreeMap::from([
            ("inputs".to_owned(), comparison.settings.inputs.clone()),
            ("seconds".to_owned(), comparison.settings.seconds.to_string()),
            ("seed".to_owned(), comparison.settings.seed.to_string()),
        ]);
        let crossings = crossings(&comparison);
        if !crossings.is_empty() {
            let text = serde_json::to_string(&crossings).expect("crossovers are plain data");
            labels.insert(CROSSINGS.to_owned(), text);
        }
        let mut environment = comparison.environment;
        for described in comparison.devices {
            environment.engines.insert(described.device.to_string(), described.description);
        }
        let threads = comparison.settings.threads.to_string();
        let benchmarks = comparison.points.into_iter().flat_map(|point| {
            let name = point.model.strip_prefix("./").unwrap_or(&point.model).to_owned();
            let inputs = point.inputs.join(", ");
            let threads = threads.clone();
            point.rows.into_iter().map(move |row| Benchmark {
                name: name.clone(),
                parameters: BTreeMap::from([
                    ("device".to_owned(), row.device.to_string()),
                    ("inputs".to_owned(), inputs.clone()),
                    ("precision".to_owned(), row.precision.to_string()),
                    ("threads".to_owned(), threads.clone()),
                ]),
                outcome: row.outcome.into(),
            })
        });
        let speed = comparison.machine_speed.map(Benchmark::of_machine_speed);
        Self {
            id: RunId::new(started),
            started,
            command: "compare".to_owned(),
            environment,
            labels,
            benchmarks: benchmarks.chain(speed).collect(),
        }
    }
}
