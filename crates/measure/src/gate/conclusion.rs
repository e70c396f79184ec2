//! What follows from a check, whatever was compared with what.

use serde::{Deserialize, Serialize};
use tachy_stats::{Estimate, Lopsided, Outcome, Severity};

use super::record::Revisions;
use crate::environment::Environment;
use crate::measurement::{Metric, Unit};

/// How unlikely one-sided findings must be to raise an alarm.
pub const ALARM: f64 = 0.01;

/// How much slower or larger counts as a regression, as a share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// For times, instructions and cycles.
    pub time: f64,
    /// For memory.
    pub memory: f64,
    /// For compiling a model.
    pub compile: f64,
    /// For a model's first call.
    pub first_call: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::of_all(0.1)
    }
}

impl Thresholds {
    /// The same threshold for everything.
    pub fn of_all(share: f64) -> Self {
        Self { time: share, memory: share, compile: share, first_call: share }
    }

    /// The threshold for a metric.
    pub fn of(&self, metric: Metric) -> f64 {
        match (metric, metric.unit()) {
            (Metric::Compile, _) => self.compile,
            (Metric::FirstCall, _) => self.first_call,
            (_, Unit::Bytes) => self.memory,
            (_, Unit::Seconds | Unit::Count | Unit::Joules | Unit::Watts) => self.time,
        }
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
    /// Which of these it is cannot be told, but it is surely within the threshold.
    Within,
    /// It cannot be told.
    Unsure,
}

impl Class {
    pub(super) fn of(outcome: Outcome, ratio: &Estimate, threshold: f64) -> Self {
        match outcome {
            Outcome::Slower if ratio.value >= 1.0 + threshold => {
                Class::Regression(Severity::of_ratio(ratio.value).unwrap_or(Severity::Minor))
            }
            Outcome::Slower => Class::Tolerated,
            Outcome::Faster => Class::Improvement,
            Outcome::Same => Class::Same,
            Outcome::Unsure if ratio.interval.is_some_and(|i| i.high < 1.0 + threshold) => {
                Class::Within
            }
            Outcome::Unsure => Class::Unsure,
        }
    }
}

/// The verdict on one metric of one benchmark.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateVerdict {
    /// The benchmark's name.
    pub name: String,
    /// The metric.
    pub metric: Metric,
    /// The medians of the reference and of the candidate, in the measurement that counts.
    pub medians: [f64; 2],
    /// Faster, slower, same or unsure.
    pub outcome: Outcome,
    /// Candidate ÷ reference, with its interval.
    pub ratio: Estimate,
    /// Why, and what would settle what is unsure: a sentence without its end.
    pub reason: String,
    /// What follows.
    pub class: Class,
    /// How long it took to measure, in seconds.
    pub seconds: f64,
}

impl GateVerdict {
    /// A verdict whose class follows from its outcome and the threshold.
    pub fn new(
        (name, metric): (&str, Metric),
        medians: [f64; 2],
        (outcome, ratio): (Outcome, Estimate),
        reason: String,
        (thresholds, seconds): (&Thresholds, f64),
    ) -> Self {
        let class = Class::of(outcome, &ratio, thresholds.of(metric));
        Self { name: name.to_owned(), metric, medians, outcome, ratio, reason, class, seconds }
    }
}

/// A benchmark that could not be measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateFailure {
    /// The benchmark's name.
    pub name: String,
    /// Why, as a sentence without its end.
    pub how: String,
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

/// What was compared with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// Two revisions, built and measured side by side.
    Revisions(Revisions),
    /// Something that was measured before and has a name, and what stands here.
    Baseline {
        /// The name.
        name: String,
        /// When it was measured: seconds since 1970-01-01 UTC.
        measured: u64,
        /// Its commit, if that is known.
        reference: Option<String>,
        /// The commit that is compared with it, if that is known.
        candidate: Option<String>,
        /// Whether the speed of the machine itself was taken out.
        speed_removed: bool,
    },
}

/// A check's results: what its reports are made from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conclusion {
    /// What was compared with what.
    pub compared: Compared,
    /// When it began: seconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long it took, in seconds, with building.
    pub duration: f64,
    /// Where.
    pub environment: Environment,
    /// The metric that the rest goes without saying for, if there is one.
    pub deciding: Option<Metric>,
    /// How much slower counts as a regression.
    pub thresholds: Thresholds,
    /// Every verdict.
    pub verdicts: Vec<GateVerdict>,
    /// What could not be measured.
    pub failures: Vec<GateFailure>,
    /// Benchmarks measured, and in all.
    pub measured: (usize, usize),
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// An alarm if nearly all findings of the deciding metric point one way.
    pub alarm: Option<Lopsided>,
}

impl Conclusion {
    /// The check as a whole. What cannot be told counts for nothing here.
    pub fn status(&self) -> Status {
        if !self.failures.is_empty() {
            return Status::HasFailures;
        }
        let worst = (self.verdicts.iter())
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
        self.verdicts.iter().any(|verdict| verdict.class == Class::Unsure)
    }
}
