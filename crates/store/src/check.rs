//! A check against baselines: runs with a name, and the same measured again.

use std::collections::BTreeSet;

use serde::Serialize;
use tachy_measure::gate::{ALARM, Compared, Conclusion, GateFailure, GateVerdict, Thresholds};
use tachy_measure::{Measurement, Metric};
use tachy_stats::{
    Balance, ComparisonOptions, Outcome as Finding, Samples, Verdict, compare, compare_relative,
};

use crate::{Benchmark, Outcome, REFERENCE, Run};

/// What a check judges, where it was measured.
const GATED: [Metric; 7] = [
    Metric::Run,
    Metric::Time,
    Metric::Compile,
    Metric::FirstCall,
    Metric::PeakMemory,
    Metric::Allocations,
    Metric::AllocatedBytes,
];

/// The share of checks of equals, measured on equal days, in which anything at all is found at first.
const FALSE_ALARMS: f64 = 0.01;

/// A check against what was measured before. All its comparisons are one family.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BaselineCheck {
    /// The name that was asked for.
    pub name: String,
    /// Each baseline of that name with what stands here.
    pub comparisons: Vec<BaselineComparison>,
    /// How much slower counts as a regression.
    pub thresholds: Thresholds,
    /// The difference that does not matter, as a share.
    pub margin: f64,
    /// When it began: seconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long it took, in seconds.
    pub duration: f64,
}

/// A baseline and the same measured again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BaselineComparison {
    /// What was measured before.
    pub reference: Run,
    /// What stands here.
    pub candidate: Run,
    /// What the candidate's findings were measured anew with.
    pub confirmation: Confirmation,
}

/// Whether findings are measured a second time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "run")]
pub enum Confirmation {
    /// They cannot be: the candidate was measured before, too. What was found counts.
    Impossible,
    /// They have yet to be: what was found does not count so far.
    Pending,
    /// They were.
    Measured(Box<Run>),
}

/// A metric of a benchmark on both occasions.
struct Pair<'a> {
    comparison: &'a BaselineComparison,
    benchmark: &'a Benchmark,
    reference: &'a Measurement,
    candidate: &'a Measurement,
}

impl BaselineCheck {
    /// Of each comparison, the benchmarks in which something was found that has yet to be measured anew.
    pub fn awaiting_confirmation(&self) -> Vec<Vec<&Benchmark>> {
        let pairs = self.pairs();
        let level = self.level(pairs.len());
        let mut awaiting = vec![Vec::new(); self.comparisons.len()];
        for pair in pairs {
            let place = self.comparisons.iter().position(|c| std::ptr::eq(c, pair.comparison));
            let found = pair.judge(pair.candidate, &pair.comparison.candidate, self.margin, level);
            let is_pending = pair.comparison.confirmation == Confirmation::Pending;
            if let (Some(place), true, Some(verdict)) = (place, is_pending, found)
                && is_finding(&verdict)
                && !awaiting[place].contains(&pair.benchmark)
            {
                awaiting[place].push(pair.benchmark);
            }
        }
        awaiting
    }

    /// What follows.
    pub fn conclusion(&self) -> Conclusion {
        let pairs = self.pairs();
        let level = self.level(pairs.len());
        let verdicts: Vec<GateVerdict> =
            pairs.iter().filter_map(|pair| self.verdict(pair, level)).collect();
        let failures: Vec<GateFailure> =
            self.comparisons.iter().flat_map(BaselineComparison::failures).collect();
        let names: BTreeSet<&str> = verdicts.iter().map(|verdict| &*verdict.name).collect();
        let times = verdicts.iter().filter(|verdict| is_time(verdict.metric));
        let alarm = Balance::of(times.map(|verdict| verdict.outcome)).alarm(ALARM);
        let first = self.comparisons.first();
        let commit = |run: &Run| run.environment.commit.clone();
        Conclusion {
            compared: Compared::Baseline {
                name: self.name.clone(),
                measured: first.map_or(0, |first| first.reference.started / 1000),
                reference: first.and_then(|first| commit(&first.reference)),
                candidate: first.and_then(|first| commit(&first.candidate)),
                speed_removed: self.comparisons.iter().all(|c| c.speeds(&c.candidate).is_some()),
            },
            started: self.started,
            duration: self.duration,
            environment: first.map(|first| first.candidate.environment.clone()).unwrap_or_default(),
            deciding: None,
            thresholds: self.thresholds,
            measured: (names.len(), names.len() + failures.len()),
            failures,
            interrupted: false,
            alarm,
            verdicts,
        }
    }

    fn pairs(&self) -> Vec<Pair<'_>> {
        self.comparisons.iter().flat_map(BaselineComparison::pairs).collect()
    }

    /// Bonferroni: with so many comparisons, each is so much surer.
    fn level(&self, family: usize) -> f64 {
        1.0 - FALSE_ALARMS / family.max(1) as f64
    }

    fn verdict(&self, pair: &Pair<'_>, level: f64) -> Option<GateVerdict> {
        let comparison = pair.comparison;
        let first = pair.judge(pair.candidate, &comparison.candidate, self.margin, level)?;
        let (mut counts, mut measurement, mut withdrawn) = (first, pair.candidate, None);
        match &comparison.confirmation {
            _ if !is_finding(&first) => {}
            Confirmation::Impossible => {}
            Confirmation::Pending => withdrawn = Some("it was not measured again"),
            Confirmation::Measured(run) => {
                let second = run.benchmarks.iter().find(|other| same(other, pair.benchmark));
                let second = second.and_then(|benchmark| metric(benchmark, pair.candidate.metric));
                let judged = second.and_then(|again| {
                    // Those that were picked are a family of one kind: each has to show again by itself.
                    let level = 1.0 - FALSE_ALARMS;
                    Some((again, pair.judge(again, run, self.margin, level)?))
                });
                match judged {
                    Some((again, verdict)) => {
                        if verdict.outcome != first.outcome {
                            withdrawn = Some("it did not show when measured again");
                        }
                        (counts, measurement) = (verdict, again);
                    }
                    None => withdrawn = Some("it could not be measured again"),
                }
            }
        }
        let (outcome, reason) = match withdrawn {
            Some(why) => {
                (Finding::Unsure, format!("a difference showed at first, but {why}; measure anew"))
            }
            None if pair.begins_at_none(&measurement.processes()) => (
                counts.outcome,
                format!("{}; counted from one, as there were none", reason(&counts)),
            ),
            None => (counts.outcome, reason(&counts)),
        };
        let median = |measurement: &Measurement| Some(measurement.pooled().summary()?.median);
        Some(GateVerdict::new(
            (&name(pair.benchmark), pair.candidate.metric),
            [median(pair.reference)?, median(measurement)?],
            (outcome, counts.ratio),
            reason,
            (&self.thresholds, 0.0),
        ))
    }
}

impl BaselineComparison {
    /// Every metric that was measured on both occasions.
    fn pairs(&self) -> impl Iterator<Item = Pair<'_>> {
        self.benchmarks().filter_map(|(before, after)| Some((before, after?))).flat_map(
            move |(before, after)| {
                GATED.into_iter().filter_map(move |gated| {
                    Some(Pair {
                        comparison: self,
                        benchmark: before,
                        reference: metric(before, gated)?,
                        candidate: metric(after, gated)?,
                    })
                })
            },
        )
    }

    /// The benchmarks of the baseline, with those that stand here.
    fn benchmarks(&self) -> impl Iterator<Item = (&Benchmark, Option<&Benchmark>)> {
        let known = self.reference.benchmarks.iter().filter(|before| before.name != REFERENCE);
        known.map(|before| {
            (before, self.candidate.benchmarks.iter().find(|after| same(before, after)))
        })
    }

    /// What was measured before and cannot be now.
    fn failures(&self) -> Vec<GateFailure> {
        let failure = |(before, after): (&Benchmark, Option<&Benchmark>)| {
            if !matches!(before.outcome, Outcome::Measured { .. }) {
                return None;
            }
            let how = match after.map(|after| &after.outcome) {
                Some(Outcome::Measured { .. }) => return None,
                Some(Outcome::Wrong { .. }) => {
                    "its outputs now differ from the reference".to_owned()
                }
                Some(Outcome::Failed { message, .. }) => {
                    format!("it fails now: {}", message.trim_end_matches('.'))
                }
                None => "it is in the baseline, and was not measured now".to_owned(),
            };
            Some(GateFailure { name: name(before), how })
        };
        self.benchmarks().filter_map(failure).collect()
    }

    /// The samples of the kernel that never changes: a candidate's, and the baseline's.
    fn speeds(&self, candidate: &Run) -> Option<[Vec<Samples>; 2]> {
        let of = |run: &Run| {
            let benchmark = run.benchmarks.iter().find(|benchmark| benchmark.name == REFERENCE)?;
            Some(metric(benchmark, Metric::Time)?.processes())
        };
        Some([of(candidate)?, of(&self.reference)?])
    }
}

impl Pair<'_> {
    /// Judges a candidate, which is of this run. `None` if there is nothing to judge: no sample, or a time of 0.
    fn judge(
        &self,
        candidate: &Measurement,
        run: &Run,
        margin: f64,
        level: f64,
    ) -> Option<Verdict> {
        let options = ComparisonOptions { level, margin, ..ComparisonOptions::default() };
        let (mut candidate, mut reference) = (candidate.processes(), self.reference.processes());
        if self.begins_at_none(&candidate) {
            for samples in candidate.iter_mut().chain(&mut reference) {
                *samples = one_more(samples);
            }
        }
        match self.comparison.speeds(run).filter(|_| is_time(self.candidate.metric)) {
            Some([now, before]) => {
                compare_relative(&candidate, &reference, [&now, &before], &options).ok()
            }
            None => compare(&candidate, &reference, &options).ok(),
        }
    }

    /// Whether allocations or bytes are counted of which there were none on one of the occasions. There is no ratio to
    /// nothing, so that one more is counted everywhere.
    fn begins_at_none(&self, candidate: &[Samples]) -> bool {
        let is_none = |processes: &[Samples]| {
            processes.iter().any(|samples| samples.summary().is_some_and(|s| s.median == 0.0))
        };
        !is_time(self.candidate.metric)
            && (is_none(&self.reference.processes()) || is_none(candidate))
    }
}

fn one_more(samples: &Samples) -> Samples {
    let values = samples.values().iter().map(|count| count + 1.0).collect();
    Samples::new(values).expect("a count and one is a count")
}

fn is_time(metric: Metric) -> bool {
    metric.unit() == tachy_measure::Unit::Seconds
}

fn is_finding(verdict: &Verdict) -> bool {
    matches!(verdict.outcome, Finding::Faster | Finding::Slower)
}

fn metric(benchmark: &Benchmark, metric: Metric) -> Option<&Measurement> {
    benchmark.outcome.measurements().iter().find(|measurement| measurement.metric == metric)
}

fn same(a: &Benchmark, b: &Benchmark) -> bool {
    a.name == b.name && a.parameters == b.parameters
}

/// The benchmark for people: its name, with the parameters that have short values.
fn name(benchmark: &Benchmark) -> String {
    let mut name = benchmark.name.clone();
    for (parameter, value) in &benchmark.parameters {
        match &**parameter {
            "device" => name += &format!(" on {value}"),
            // They are the model's own, or the same for all.
            "inputs" => {}
            _ => name += &format!(" {parameter}={value}"),
        }
    }
    name
}

fn reason(verdict: &Verdict) -> String {
    match verdict.remedy {
        None => verdict.reason.to_string(),
        Some(remedy) => format!("{}; to settle it, {remedy}", verdict.reason),
    }
}
