//! A comparison of variants as JSON.

use serde::Serialize;
use tachy_measure::operators::FamilyCrossings;
use tachy_measure::variants::{Precision, VariantComparison};
use tachy_stats::Estimate;

use super::figures::VariantReport;
use crate::guide::Guide;
use crate::layout::layout;

/// The record's own fields, so that it reads back as one, and what follows from them.
#[derive(Serialize)]
struct Document<'a> {
    crossings: &'a [FamilyCrossings],
    figures: Vec<Entry<'a>>,
    guides: Vec<&'a Guide>,
    energy: Vec<String>,
    #[serde(flatten)]
    record: &'a VariantComparison,
}

/// One row that was timed.
#[derive(Serialize)]
struct Entry<'a> {
    model: &'a str,
    resolution: Option<usize>,
    batch: Option<usize>,
    precision: Precision,
    device: String,
    latency: Estimate,
    run_seconds: Option<f64>,
    items_per_second: f64,
    relative_l2: f64,
    peak_memory_bytes: Option<f64>,
    weight_bytes: Option<u64>,
    item_joules: Option<f64>,
    power_watts: Option<f64>,
    best_for: &'a [String],
}

impl VariantReport<'_> {
    /// The record with every sample, the figures of each row that was timed, the crossovers over batch sizes, and the guide
    /// of each model at each resolution.
    pub fn json(&self) -> String {
        let figures = self.timed().map(|(line, figures)| Entry {
            model: &line.point.model,
            resolution: line.point.resolution,
            batch: line.point.batch,
            precision: line.row.precision,
            device: line.row.device.to_string(),
            latency: figures.latency,
            run_seconds: figures.run,
            items_per_second: figures.rate,
            relative_l2: figures.error,
            peak_memory_bytes: figures.memory,
            weight_bytes: line.row.weight_bytes,
            item_joules: figures.energy,
            power_watts: figures.power,
            best_for: &line.best,
        });
        let document = Document {
            crossings: &self.crossings,
            figures: figures.collect(),
            guides: self.guides(),
            energy: self.energy_notes().whole(),
            record: self.comparison,
        };
        layout(&serde_json::to_string(&document).expect("the record is plain data"))
    }
}
