//! What a check leaves behind, and what follows from it.

use serde::{Deserialize, Serialize};
use tachy_stats::{Balance, Control, Judgement, Lopsided, Outcome, Severity, Stages, judge_family};

use crate::duel;
use crate::environment::Environment;
use crate::measurement::{Metric, Unit};

/// The version of the format of [`GateRecord`] that this version of Tachy writes.
pub const FORMAT: u32 = 1;

/// Of what is reported, no more than this share is false on average.
const FALSE_DISCOVERIES: f64 = 0.05;

/// How unlikely one-sided findings must be to raise an alarm.
const ALARM: f64 = 0.01;

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

/// How much slower or larger counts as a regression, as a share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// For times, instructions and cycles.
    pub time: f64,
    /// For peak memory.
    pub memory: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { time: 0.1, memory: 0.1 }
    }
}

impl Thresholds {
    /// The threshold for a metric.
    pub fn of(&self, metric: Metric) -> f64 {
        match metric.unit() {
            Unit::Bytes => self.memory,
            Unit::Seconds | Unit::Count => self.time,
        }
    }
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

    /// Whether something was found that has yet to be measured anew.
    pub(super) fn awaits_confirmation(&self, metrics: &[Metric]) -> bool {
        self.second.is_none()
            && metrics.iter().any(|metric| {
                self.stages(*metric).is_some_and(|stages| stages.awaits_confirmation())
            })
    }
}

/// What follows for one metric of one benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Slower or larger beyond the threshold, found twice.
    Regression(Severity),
    /// Slower or larger, but within the threshold.
    Tolerated,
    /// Faster or smaller, found twice.
    Improvement,
    /// The same.
    Same,
    /// It cannot be told.
    Unsure,
}

/// The verdict on one metric of one benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GateVerdict<'a> {
    /// The benchmark.
    #[serde(skip)]
    pub benchmark: &'a GatedBenchmark,
    /// The benchmark's name.
    pub name: &'a str,
    /// The metric.
    pub metric: Metric,
    /// The medians of the reference and of the candidate, in the duel that counts.
    pub medians: [f64; 2],
    /// The judgement among all benchmarks of the check.
    pub judgement: Judgement,
    /// What follows.
    pub class: Class,
}

/// What a check says as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No benchmark has become slower beyond its threshold.
    AllPass,
    /// At least one has.
    HasRegressions,
    /// At least one by half or more.
    HasCriticalRegressions,
    /// At least one could not be measured.
    HasFailures,
    /// It was interrupted before every benchmark was measured.
    Incomplete,
}

impl Status {
    /// Whether a gate stays open.
    pub fn passes(self) -> bool {
        self == Status::AllPass
    }

    /// The words for people.
    pub const fn name(self) -> &'static str {
        match self {
            Status::AllPass => "all pass",
            Status::HasRegressions => "has regressions",
            Status::HasCriticalRegressions => "has critical regressions",
            Status::HasFailures => "has failures",
            Status::Incomplete => "incomplete",
        }
    }
}

impl GateRecord {
    /// The metrics that are gated: the deciding one, and peak memory.
    pub fn metrics(&self) -> Vec<Metric> {
        gated(self.metric)
    }

    /// The verdicts on all benchmarks that were measured, metric by metric: each metric is a family of its own.
    pub fn verdicts(&self) -> Vec<GateVerdict<'_>> {
        let mut verdicts = Vec::new();
        for metric in self.metrics() {
            let measured: Vec<(&GatedBenchmark, Stages)> = (self.benchmarks.iter())
                .filter_map(|benchmark| Some((benchmark, benchmark.stages(metric)?)))
                .collect();
            let stages: Vec<Stages> = measured.iter().map(|(_, stages)| *stages).collect();
            // Each duel has had a control of its own, and its judgement is in the light of it.
            let judgements = judge_family(&stages, Control::Trusted, FALSE_DISCOVERIES);
            for ((benchmark, _), judgement) in measured.into_iter().zip(judgements) {
                let counts = benchmark.second.as_ref().or(benchmark.first.as_ref());
                let medians = counts
                    .and_then(|record| Some(record.verdict(metric)?.medians))
                    .expect("it was judged");
                verdicts.push(GateVerdict {
                    benchmark,
                    name: &benchmark.name,
                    metric,
                    medians,
                    judgement,
                    class: class(&judgement, self.thresholds.of(metric)),
                });
            }
        }
        verdicts
    }

    /// The check as a whole. What cannot be told counts for nothing here.
    pub fn status(&self) -> Status {
        if self.benchmarks.iter().any(|benchmark| benchmark.failure.is_some()) {
            return Status::HasFailures;
        }
        let worst = (self.verdicts().iter())
            .filter_map(|verdict| match verdict.class {
                Class::Regression(severity) => Some(severity),
                _ => None,
            })
            .max();
        match worst {
            Some(Severity::Critical) => Status::HasCriticalRegressions,
            Some(_) => Status::HasRegressions,
            None if self.interrupted => Status::Incomplete,
            None => Status::AllPass,
        }
    }

    /// Whether any verdict is unsure.
    pub fn is_unsure(&self) -> bool {
        self.verdicts().iter().any(|verdict| verdict.class == Class::Unsure)
    }

    /// An alarm if nearly all findings of the deciding metric point one way.
    pub fn alarm(&self) -> Option<Lopsided> {
        let outcomes = (self.verdicts().into_iter())
            .filter(|verdict| verdict.metric == self.metric)
            .map(|verdict| verdict.judgement.outcome);
        Balance::of(outcomes).alarm(ALARM)
    }
}

/// The metrics that are gated where one decides.
pub(super) fn gated(deciding: Metric) -> Vec<Metric> {
    match deciding {
        Metric::PeakMemory => vec![deciding],
        _ => vec![deciding, Metric::PeakMemory],
    }
}

fn class(judgement: &Judgement, threshold: f64) -> Class {
    match judgement.outcome {
        Outcome::Slower if judgement.ratio.value >= 1.0 + threshold => {
            Class::Regression(Severity::of_ratio(judgement.ratio.value).unwrap_or(Severity::Minor))
        }
        Outcome::Slower => Class::Tolerated,
        Outcome::Faster => Class::Improvement,
        Outcome::Same => Class::Same,
        Outcome::Unsure => Class::Unsure,
    }
}
