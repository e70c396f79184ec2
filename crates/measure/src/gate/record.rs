//! What a check of two revisions leaves behind, and what follows from it.

use serde::{Deserialize, Serialize};
use tachy_stats::{Balance, Control, Finding, Judgement, Stages, judge_family};

use super::conclusion::{ALARM, Compared, Conclusion, GateFailure, GateVerdict, Thresholds};
use crate::duel;
use crate::environment::Environment;
use crate::measurement::Metric;

/// The version of the format of [`GateRecord`] that this version of Tachy writes.
pub const FORMAT: u32 = 1;

/// Of what is reported, no more than this share is false on average.
const FALSE_DISCOVERIES: f64 = 0.05;

/// A check: the record that its reports are made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateRecord {
    /// The version of this format.
    pub format: u32,
    /// When it began: seconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long it took, in seconds, with building.
    pub duration: f64,
    /// Where.
    pub environment: Environment,
    /// What was compared.
    pub revisions: Revisions,
    /// The metric that decided when each duel was over.
    pub metric: Metric,
    /// How much slower counts as a regression.
    pub thresholds: Thresholds,
    /// Every benchmark of the suite, in order.
    pub benchmarks: Vec<GatedBenchmark>,
    /// Whether it was interrupted.
    pub interrupted: bool,
}

/// The two revisions of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revisions {
    /// What was compared with, as it was given.
    pub against: String,
    /// Its commit.
    pub reference: String,
    /// The commit that is checked out.
    pub candidate: String,
    /// Whether tracked files differ from that commit.
    pub dirty: bool,
}

/// A benchmark of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatedBenchmark {
    /// Its name.
    pub name: String,
    /// Its command.
    pub command: String,
    /// The duel of the two revisions; `None` if it was not reached or failed.
    pub first: Option<duel::Record>,
    /// The duel that was made anew because the first found something.
    pub second: Option<duel::Record>,
    /// Why it could not be measured.
    pub failure: Option<String>,
}

impl GatedBenchmark {
    /// The judgements of a metric, first and second.
    pub fn stages(&self, metric: Metric) -> Option<Stages> {
        let judgement = |record: &duel::Record| Some(record.verdict(metric)?.judgement);
        let first = judgement(self.first.as_ref()?)?;
        Some(Stages { first, second: self.second.as_ref().and_then(judgement) })
    }

    /// How long its duels took, in seconds.
    fn seconds(&self) -> f64 {
        [&self.first, &self.second].into_iter().flatten().map(|record| record.duration).sum()
    }

    /// Whether something was found that has yet to be measured anew.
    pub(super) fn awaits_confirmation(&self, metrics: &[Metric]) -> bool {
        self.second.is_none()
            && metrics.iter().any(|metric| {
                self.stages(*metric).is_some_and(|stages| stages.awaits_confirmation())
            })
    }
}

impl GateRecord {
    /// What follows: each metric is a family of benchmarks of its own.
    pub fn conclusion(&self) -> Conclusion {
        let metrics = gated(self.metric);
        let verdicts: Vec<_> = metrics.iter().flat_map(|metric| self.verdicts(*metric)).collect();
        let deciding = verdicts.iter().filter(|verdict| verdict.metric == self.metric);
        let alarm = Balance::of(deciding.map(|verdict| verdict.outcome)).alarm(ALARM);
        let failures = self.benchmarks.iter().filter_map(|benchmark| {
            Some(GateFailure { name: benchmark.name.clone(), how: benchmark.failure.clone()? })
        });
        let measured = self.benchmarks.iter().filter(|benchmark| benchmark.first.is_some()).count();
        Conclusion {
            compared: Compared::Revisions(self.revisions.clone()),
            started: self.started,
            duration: self.duration,
            environment: self.environment.clone(),
            deciding: Some(self.metric),
            thresholds: self.thresholds,
            failures: failures.collect(),
            measured: (measured, self.benchmarks.len()),
            interrupted: self.interrupted,
            alarm,
            verdicts,
        }
    }

    /// The verdicts on all benchmarks whose metric was measured.
    fn verdicts(&self, metric: Metric) -> Vec<GateVerdict> {
        let measured: Vec<(&GatedBenchmark, Stages)> = (self.benchmarks.iter())
            .filter_map(|benchmark| Some((benchmark, benchmark.stages(metric)?)))
            .collect();
        let stages: Vec<Stages> = measured.iter().map(|(_, stages)| *stages).collect();
        // Each duel has had a control of its own, and its judgement is in the light of it.
        let judgements = judge_family(&stages, Control::Trusted, FALSE_DISCOVERIES);
        let verdict = |((benchmark, _), judgement): ((&GatedBenchmark, Stages), Judgement)| {
            let counts = benchmark.second.as_ref().or(benchmark.first.as_ref());
            let medians = counts
                .and_then(|record| Some(record.verdict(metric)?.medians))
                .expect("it was judged");
            GateVerdict::new(
                (&benchmark.name, metric),
                medians,
                (judgement.outcome, judgement.ratio),
                reason(&judgement),
                (&self.thresholds, benchmark.seconds()),
            )
        };
        measured.into_iter().zip(judgements).map(verdict).collect()
    }
}

/// Why, and what would settle what is unsure.
fn reason(judgement: &Judgement) -> String {
    match (judgement.finding, judgement.settlement) {
        (Finding::ControlFailed, _) | (_, None) => judgement.finding.to_string(),
        (finding, Some(settlement)) => format!("{finding}; to settle it, {settlement}"),
    }
}

/// The metrics that are gated where one decides.
pub(super) fn gated(deciding: Metric) -> Vec<Metric> {
    match deciding {
        Metric::PeakMemory => vec![deciding],
        _ => vec![deciding, Metric::PeakMemory],
    }
}
