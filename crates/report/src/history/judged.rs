//! Histories with what was found in them.

use std::sync::Arc;

use tachy_stats::{Analysis, HistoryOptions, Samples, SpeedRemoval, analyse, remove_machine_speed};
use tachy_store::{History, Point, RunHeader, SeriesKey};

/// What became of series over many runs: steps and drifts, told from noise.
///
/// The value of a run is the geometric mean of its processes' medians. Where a reference kernel was timed in every run,
/// the machine's speed is taken out first.
#[derive(Debug, Clone)]
pub struct HistoryReport {
    pub(crate) series: Vec<Judged>,
}

/// One series.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub key: SeriesKey,
    /// The runs, the earliest first.
    pub runs: Vec<Arc<RunHeader>>,
    /// How many processes each run had.
    pub processes: Vec<usize>,
    /// What each run measured.
    pub measured: Samples,
    /// What is judged: the same, or with the machine's speed taken out.
    pub judged: Samples,
    /// The power of the reference kernel's time that was taken out, where there is such a kernel.
    pub exponent: Option<f64>,
    pub analysis: Analysis,
}

impl HistoryReport {
    /// Judges each history. Runs in which no process took a sample are left out.
    pub fn new(histories: &[History], options: &HistoryOptions) -> Self {
        let series = histories.iter().filter_map(|history| Judged::new(history, options));
        Self { series: series.collect() }
    }
}

impl Judged {
    fn new(history: &History, options: &HistoryOptions) -> Option<Self> {
        let with_value = |point| Some((point, value(point)?));
        let points: Vec<(&Point, f64)> = history.points.iter().filter_map(with_value).collect();
        let measured = Samples::new(points.iter().map(|(_, value)| *value).collect()).ok()?;
        if measured.is_empty() {
            return None;
        }
        let references: Option<Vec<f64>> =
            points.iter().map(|(point, _)| point.reference).collect();
        let freed = references.and_then(|references| {
            let references = Samples::new(references).ok()?;
            remove_machine_speed(&measured, &references, SpeedRemoval::Regression).ok()
        });
        let (judged, exponent) = match freed {
            Some((freed, exponent)) => (freed, Some(exponent)),
            None => (measured.clone(), None),
        };
        Some(Self {
            key: history.key.clone(),
            runs: points.iter().map(|(point, _)| point.run.clone()).collect(),
            processes: points.iter().map(|(point, _)| point.medians.len()).collect(),
            analysis: analyse(&judged, options),
            measured,
            judged,
            exponent,
        })
    }

    /// Whether the machine's speed was taken out of the values.
    pub(crate) fn is_freed(&self) -> bool {
        self.exponent.is_some_and(|exponent| exponent > 0.0)
    }
}

/// What a run says: the geometric mean of its processes' medians; the arithmetic one where a median is zero.
fn value(point: &Point) -> Option<f64> {
    let count = point.medians.len() as f64;
    if point.medians.is_empty() {
        return None;
    }
    let mean = match point.medians.iter().all(|median| *median > 0.0) {
        true => (point.medians.iter().map(|median| median.ln()).sum::<f64>() / count).exp(),
        false => point.medians.iter().sum::<f64>() / count,
    };
    mean.is_finite().then_some(mean)
}
