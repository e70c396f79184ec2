//! What became of series over the runs.

use serde::{Serialize, Serializer};
use tachy_stats::{HistoryOptions, Outcome};

use super::input::ReportInput;
use crate::HistoryReport;
use crate::history::Judged;

/// What became of series over the runs: those in which something was found come first.
#[derive(Debug, Clone, Default)]
pub struct Trends {
    pub(super) series: Vec<Judged>,
}

/// What became of series over the runs.
pub fn trends(input: &ReportInput) -> Trends {
    let mut series = HistoryReport::new(&input.histories, &HistoryOptions::default()).series;
    // Stable: otherwise they stay in the order in which they came, the latest measured first.
    series.sort_by_key(|judged| judged.analysis.is_flat());
    Trends { series }
}

impl Trends {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// The latest finding of each series: its sentence, after ÷ before, and the way it points.
    pub(super) fn latest(&self) -> impl Iterator<Item = (&Judged, f64, Outcome, String)> {
        self.series.iter().filter_map(|judged| {
            let analysis = &judged.analysis;
            match (analysis.changes.last(), &analysis.drift) {
                (Some(change), _) => {
                    Some((judged, change.ratio(), change.outcome(), judged.change(change)))
                }
                (None, Some(drift)) => {
                    Some((judged, drift.ratio(), drift.outcome(), judged.drift(drift)))
                }
                (None, None) => None,
            }
        })
    }
}

/// As [`HistoryReport::json`] has it.
impl Serialize for Trends {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.series.iter().map(Judged::section))
    }
}
