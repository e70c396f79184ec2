//! What became slower, faster or stayed the same: by duels, by checks, and by later runs against earlier ones.

use serde::Serialize;
use tachy_measure::Unit;
use tachy_measure::gate::{Compared, Conclusion, GateVerdict, Thresholds};
use tachy_stats::{Estimate, Outcome, Severity};
use tachy_store::{
    BaselineCheck, BaselineComparison, Benchmark, Confirmation, REFERENCE, Run, machine_identity,
};

use super::input::ReportInput;
use crate::csv::identifier;
use crate::quantity::moment;

/// The share that does not matter, where runs are judged against earlier ones.
const MARGIN: f64 = 0.01;

/// One verdict.
#[derive(Debug, Clone, Serialize)]
pub struct VerdictLine {
    /// What was judged.
    pub subject: String,
    /// What it was judged against: a command, a revision, a run.
    pub against: String,
    /// In which metric.
    pub metric: String,
    /// The unit of the medians.
    pub unit: Unit,
    /// The medians of the reference and of the candidate.
    pub medians: [f64; 2],
    /// Candidate ÷ reference.
    pub ratio: Estimate,
    /// Faster, slower, same or unsure; less and more, where it is no time.
    pub outcome: Outcome,
    /// How bad it is, where it is slower.
    pub severity: Option<Severity>,
    /// Why, and what would settle it.
    pub reason: String,
}

impl VerdictLine {
    fn of_gate(verdict: GateVerdict, against: &str) -> Self {
        let severity = match verdict.outcome {
            Outcome::Slower => Severity::of_ratio(verdict.ratio.value),
            _ => None,
        };
        Self {
            subject: verdict.name,
            against: against.to_owned(),
            metric: identifier(verdict.metric),
            unit: verdict.metric.unit(),
            medians: verdict.medians,
            ratio: verdict.ratio,
            outcome: verdict.outcome,
            severity,
            reason: verdict.reason,
        }
    }

    /// The metric for people.
    pub fn metric_name(&self) -> String {
        self.metric.replace('_', " ")
    }

    /// The outcome in the words of its metric: nobody calls memory slower.
    pub fn word(&self) -> &'static str {
        match (self.outcome, self.unit) {
            (Outcome::Faster, Unit::Seconds) => "faster",
            (Outcome::Slower, Unit::Seconds) => "slower",
            (Outcome::Faster, _) => "less",
            (Outcome::Slower, _) => "more",
            (Outcome::Same, _) => "same",
            (Outcome::Unsure, _) => "unsure",
        }
    }
}

/// Every verdict: of duels, of checks, of each run against the one before that measured the same.
pub(super) fn verdicts(input: &ReportInput) -> Vec<VerdictLine> {
    let duels = input.duels.iter().flat_map(|duel| {
        duel.verdicts.iter().map(|verdict| VerdictLine {
            subject: duel.options.candidate.line.clone(),
            against: duel.options.reference.line.clone(),
            metric: identifier(verdict.metric),
            unit: verdict.unit,
            medians: verdict.medians,
            ratio: verdict.judgement.ratio,
            outcome: verdict.judgement.outcome,
            severity: verdict.judgement.severity,
            reason: match verdict.judgement.settlement {
                None => verdict.judgement.finding.to_string(),
                Some(settlement) => {
                    format!("{}; to settle it, {settlement}", verdict.judgement.finding)
                }
            },
        })
    });
    let checks = input.checks.iter().flat_map(of_check);
    duels.chain(checks).chain(of_runs(&input.runs)).collect()
}

fn of_check(check: &Conclusion) -> Vec<VerdictLine> {
    let against = match &check.compared {
        Compared::Revisions(revisions) => revisions.against.clone(),
        Compared::Baseline { name, .. } => format!("baseline {name}"),
    };
    let of_gate = |verdict: &GateVerdict| VerdictLine::of_gate(verdict.clone(), &against);
    check.verdicts.iter().map(of_gate).collect()
}

/// Each run against the latest one before it that has a benchmark in common and was made on the same kind of machine.
fn of_runs(runs: &[Run]) -> Vec<VerdictLine> {
    let mut order: Vec<&Run> = runs.iter().collect();
    order.sort_by_key(|run| (run.started, run.id));
    let mut lines = Vec::new();
    for (place, run) in order.iter().enumerate() {
        let earlier = order[..place].iter().rev().find(|earlier| comparable(earlier, run));
        let Some(earlier) = earlier else { continue };
        let candidate = Run { benchmarks: common(run, earlier), ..(*run).clone() };
        let reference = Run { benchmarks: common(earlier, run), ..(*earlier).clone() };
        let check = BaselineCheck {
            name: String::new(),
            comparisons: vec![BaselineComparison {
                reference,
                candidate,
                confirmation: Confirmation::Impossible,
            }],
            thresholds: Thresholds::default(),
            margin: MARGIN,
            started: run.started / 1000,
            duration: 0.0,
        };
        let id = earlier.id.to_string();
        // The first digits are the time in milliseconds, which tells runs apart.
        let day = moment(earlier.started / 1000);
        let against = format!("run {} of {day}", id.get(..13).unwrap_or(&id));
        let verdicts = check.conclusion().verdicts;
        lines.extend(verdicts.into_iter().map(|verdict| VerdictLine::of_gate(verdict, &against)));
    }
    lines
}

fn same(a: &Benchmark, b: &Benchmark) -> bool {
    a.name == b.name && a.parameters == b.parameters
}

fn comparable(a: &Run, b: &Run) -> bool {
    let shared = || {
        a.benchmarks.iter().any(|x| x.name != REFERENCE && b.benchmarks.iter().any(|y| same(x, y)))
    };
    machine_identity(&a.environment) == machine_identity(&b.environment) && shared()
}

/// The benchmarks of a run that another one has, too.
fn common(run: &Run, other: &Run) -> Vec<Benchmark> {
    let there = |benchmark: &&Benchmark| other.benchmarks.iter().any(|b| same(b, benchmark));
    run.benchmarks.iter().filter(there).cloned().collect()
}
