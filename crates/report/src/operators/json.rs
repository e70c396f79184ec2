//! A comparison on operators as JSON.

use serde::Serialize;
use tachy_measure::operators::{FamilyCrossings, OperatorComparison, Peaks};

use super::figures::OperatorReport;
use crate::layout::layout;

/// The record's own fields, so that it reads back as one, and what follows from them.
#[derive(Serialize)]
struct Document<'a> {
    crossings: &'a [FamilyCrossings],
    figures: Vec<Entry<'a>>,
    peaks: Option<&'a Peaks>,
    #[serde(flatten)]
    record: &'a OperatorComparison,
}

/// One case on one device that was timed.
#[derive(Serialize)]
struct Entry<'a> {
    case: &'a str,
    device: String,
    run: tachy_stats::Estimate,
    call: Option<f64>,
    upload: Option<f64>,
    fetch: Option<f64>,
    flops_per_second: f64,
    bytes_per_second: f64,
    share_of_peak: Option<f64>,
    relative_l2: f64,
    energy_joules: Option<f64>,
    power_watts: Option<f64>,
}

impl OperatorReport<'_> {
    /// The record with every sample, the figures, the crossovers and the peaks.
    pub fn json(&self) -> String {
        let lines = self.families.iter().flat_map(|family| &family.lines);
        let figures = lines
            .filter_map(|line| {
                let rates = line.figures.as_ref().ok()?;
                Some(Entry {
                    case: line.case,
                    device: line.device.to_string(),
                    run: rates.run,
                    call: rates.call,
                    upload: rates.upload,
                    fetch: rates.fetch,
                    flops_per_second: rates.flops,
                    bytes_per_second: rates.bytes,
                    share_of_peak: rates.share,
                    relative_l2: rates.error,
                    energy_joules: rates.energy,
                    power_watts: rates.power,
                })
            })
            .collect();
        let document = Document {
            crossings: &self.crossings,
            figures,
            peaks: self.peaks,
            record: self.comparison,
        };
        layout(&serde_json::to_string(&document).expect("the record is plain data"))
    }
}
