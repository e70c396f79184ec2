//! The record as JSON, with what follows from it.

use serde::Serialize;
use tachy_measure::Comparison;
use tachy_stats::{Estimate, Place, Summary, Verdict};

use crate::csv::identifier;
use crate::figure::Figure;
use crate::layout::layout;
use crate::quantity::plain;
use crate::report::Report;

/// The document: the record's own fields, so that it reads back as a [`Comparison`], and what follows from them.
#[derive(Serialize)]
struct Document<'a> {
    summary: Conclusions,
    ranking: RankingSection<'a>,
    #[serde(flatten)]
    record: &'a Comparison,
}

/// What the comparison says.
#[derive(Serialize)]
struct Conclusions {
    headline: String,
    ties: Vec<String>,
    warnings: Vec<String>,
    energy: Vec<String>,
    devices: Vec<DeviceSummary>,
}

/// The figures of a device that was timed.
#[derive(Serialize)]
struct DeviceSummary {
    device: String,
    samples: usize,
    processes: usize,
    steady_processes: usize,
    parts_of_call: Option<f64>,
    figures: Vec<FigureSummary>,
}

#[derive(Serialize)]
pub(crate) struct FigureSummary {
    metric: String,
    unit: tachy_measure::Unit,
    typical: Option<Estimate>,
    pooled: Summary,
}

impl From<&Figure> for FigureSummary {
    fn from(figure: &Figure) -> Self {
        Self {
            metric: identifier(figure.metric),
            unit: figure.unit,
            typical: figure.estimate,
            pooled: figure.summary.clone(),
        }
    }
}

#[derive(Serialize)]
struct RankingSection<'a> {
    metric: &'static str,
    pair_level: f64,
    places: Vec<&'a Place>,
    pairs: Vec<PairSection>,
}

#[derive(Serialize)]
struct PairSection {
    candidate: String,
    reference: String,
    verdict: Verdict,
}

impl Report<'_> {
    /// The record and two sections that follow from it, indented, with lists of numbers on one line.
    ///
    /// * `summary`: the `headline`, `ties`, `warnings` and what is to be said of `energy` as sentences; `devices`: for each one that was timed, the
    ///   fastest first, `device`, the number of `samples` of a run, of `processes` and of `steady_processes`,
    ///   `parts_of_call` (upload, run and fetch as a share of the whole call), and `figures`: for each `metric` its
    ///   `unit`, the `typical` value with its 95% interval and what that was replicated over, and a summary of the
    ///   `pooled` samples.
    /// * `ranking`: the `metric`, the `places` ([`Place`]), and all `pairs`: the `verdict` on a `candidate` against a
    ///   `reference`, at `pair_level`, which makes all pairs together hold at 95%.
    /// * the rest: [`Comparison`].
    ///
    /// Times are in seconds, sizes in bytes, errors relative where they are not said to be absolute.
    pub fn json(&self) -> String {
        let devices = self.timed.iter().map(|timed| {
            let counts = timed.counts();
            DeviceSummary {
                device: timed.name(),
                samples: counts.iter().sum(),
                processes: counts.len(),
                steady_processes: timed.measured.warm_ups.iter().filter(|w| w.steady).count(),
                parts_of_call: timed.parts_of_call(),
                figures: timed.figures.iter().map(FigureSummary::from).collect(),
            }
        });
        let document = Document {
            summary: Conclusions {
                headline: self.headline(),
                ties: self.ties().iter().map(|tie| plain(tie)).collect(),
                warnings: self.warnings().iter().map(|warning| plain(warning)).collect(),
                energy: self.energy_notes().whole(),
                devices: devices.collect(),
            },
            ranking: RankingSection {
                metric: "run",
                pair_level: self.pair_level,
                places: self.timed.iter().map(|timed| &timed.place).collect(),
                pairs: self
                    .pairs
                    .iter()
                    .map(|pair| PairSection {
                        candidate: self.timed[pair.slower].name(),
                        reference: self.timed[pair.faster].name(),
                        verdict: pair.verdict,
                    })
                    .collect(),
            },
            record: self.comparison,
        };
        let text = serde_json::to_string(&document).expect("a record has string keys");
        layout(&text)
    }
}
