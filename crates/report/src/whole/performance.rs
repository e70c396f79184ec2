//! What was measured, who is fastest, what changed.

use serde::Serialize;
use tachy_measure::Metric;
use tachy_store::{RunId, machine_identity};

use super::collected::{Collected, collected};
use super::figures::{Figure, Untimed, benchmarks, figures, measurement_of};
use super::input::ReportInput;
use super::rankings::{Ranking, rankings};
use super::traces::TraceAnalysis;
use super::verdicts::{VerdictLine, verdicts};
use crate::sentences::busy;

/// Distributions that are drawn large, at most.
const MOST_DRAWN: usize = 8;

/// Samples of one distribution that are kept for its picture.
const MOST_SAMPLES: usize = 600;

/// What was measured, who is fastest, what changed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PerformanceAnalysis {
    /// The runs that figures are from.
    pub runs: Vec<RunLine>,
    /// One for each metric of each benchmark of each run.
    pub figures: Vec<Figure>,
    /// What was not timed.
    pub untimed: Vec<Untimed>,
    /// Devices that ran the same, in order.
    pub rankings: Vec<Ranking>,
    /// Benchmarks that would have been ranked, too, had there been fewer.
    pub rankings_left_out: usize,
    /// What became slower, faster or stayed the same.
    pub verdicts: Vec<VerdictLine>,
    /// Where the time of recorded sessions went.
    pub traces: Vec<TraceAnalysis>,
    /// What programs at work were seen to take.
    pub collected: Vec<Collected>,
    /// The measurements whose samples are drawn large.
    #[serde(skip)]
    pub(super) distributions: Vec<Distribution>,
}

/// A run without its benchmarks.
#[derive(Debug, Clone, Serialize)]
pub struct RunLine {
    /// Its name.
    pub id: RunId,
    /// When it began: milliseconds since 1970-01-01 UTC.
    pub started: u64,
    /// What made it.
    pub command: String,
    /// The kind of machine.
    pub machine: String,
    /// The commit, where it is known.
    pub commit: Option<String>,
    /// Whether tracked files differed from it.
    pub dirty: Option<bool>,
    /// How many benchmarks it has.
    pub benchmarks: usize,
    /// What makes its figures less sure than they look.
    pub caution: Option<String>,
}

/// The samples of one measurement, ready to be drawn.
#[derive(Debug, Clone)]
pub(super) struct Distribution {
    /// The place of its figure.
    pub figure: usize,
    /// Samples, in run order; every so many-th of them.
    pub values: Vec<f64>,
    /// Every how many-th.
    pub step: usize,
    /// How many processes they are from.
    pub processes: usize,
}

/// What was measured, who is fastest, what changed.
pub fn performance_analysis(input: &ReportInput) -> PerformanceAnalysis {
    let runs = input.all_runs();
    let (figures, untimed) = figures(&runs);
    let (rankings, rankings_left_out) = rankings(&runs, &figures);
    let distributions = notable(&figures, &rankings)
        .into_iter()
        .filter_map(|place| {
            let measurement = measurement_of(&runs, &figures[place])?;
            let all = measurement.pooled();
            let step = crate::html::axis::stride(all.len(), MOST_SAMPLES);
            let values = all.values().iter().copied().step_by(step).collect();
            let processes = figures[place].processes;
            Some(Distribution { figure: place, values, step, processes })
        })
        .collect();
    PerformanceAnalysis {
        verdicts: verdicts(input),
        collected: collected(&input.metrics),
        traces: input.traces.iter().map(TraceAnalysis::new).collect(),
        runs: runs
            .iter()
            .map(|run| RunLine {
                id: run.id,
                started: run.started,
                command: run.command.clone(),
                machine: machine_identity(&run.environment),
                commit: run.environment.commit.clone(),
                dirty: run.environment.dirty,
                benchmarks: benchmarks(run).count(),
                caution: busy(&run.environment, "the run"),
            })
            .collect(),
        figures,
        untimed,
        rankings,
        rankings_left_out,
        distributions,
    }
}

/// The figures whose samples are worth a picture of their own: devices that are ranked, then what varies most.
fn notable(figures: &[Figure], rankings: &[Ranking]) -> Vec<usize> {
    let mut places: Vec<usize> = rankings
        .iter()
        .take(2)
        .flat_map(|ranking| ranking.places.iter().map(|p| p.figure))
        .collect();
    let spread = |figure: &Figure| match (figure.pooled.p25, figure.pooled.p75) {
        (Some(low), Some(high)) if figure.pooled.median > 0.0 => {
            (high - low) / figure.pooled.median
        }
        _ => 0.0,
    };
    let mut rest: Vec<(usize, f64)> = figures
        .iter()
        .enumerate()
        .filter(|(place, figure)| {
            matches!(figure.metric, Metric::Run | Metric::Time | Metric::Call)
                && figure.pooled.count >= 20
                && !places.contains(place)
        })
        .map(|(place, figure)| (place, spread(figure)))
        .collect();
    rest.sort_by(|a, b| b.1.total_cmp(&a.1));
    places.extend(rest.into_iter().map(|(place, _)| place));
    places.truncate(MOST_DRAWN);
    places
}
