//! What a report is made of.

use tachy_measure::Comparison;
use tachy_measure::duel;
use tachy_measure::gate::Conclusion;
use tachy_profile::metrics::MetricsSnapshot;
use tachy_profile::trace::Trace;
use tachy_store::{History, Run};

use super::memory::MemoryInput;

/// What a report is made of: any mixture, and as much or as little of each as there is.
///
/// ```
/// use tachy_report::whole::{ReportInput, report};
///
/// let input = ReportInput { title: "Nothing yet".to_owned(), ..ReportInput::default() };
/// assert!(report(&input).html().starts_with("<!DOCTYPE html>"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct ReportInput {
    /// What the report is called; without a name, it is called after what is in it.
    pub title: String,
    /// Stored runs. Of two that measured the same on one kind of machine, the later is judged against the earlier.
    pub runs: Vec<Run>,
    /// Comparisons of devices.
    pub comparisons: Vec<Comparison>,
    /// Duels of two commands.
    pub duels: Vec<duel::Record>,
    /// What followed from checks.
    pub checks: Vec<Conclusion>,
    /// Recorded sessions, with the peaks of their machines if the roofline is to be drawn.
    pub traces: Vec<Trace>,
    /// What metrics collectors gathered of programs at work.
    pub metrics: Vec<MetricsSnapshot>,
    /// What memory trackers saw.
    pub memory: Vec<MemoryInput>,
    /// What series were over the runs.
    pub histories: Vec<History>,
}

impl ReportInput {
    /// Every run: the stored ones, then what comparisons and duels measured.
    pub(super) fn all_runs(&self) -> Vec<Run> {
        let comparisons = self.comparisons.iter().cloned().map(Run::from);
        let duels = self.duels.iter().map(Run::from);
        self.runs.iter().cloned().chain(comparisons).chain(duels).collect()
    }
}
