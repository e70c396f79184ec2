//! What there is to know first.

use serde::Serialize;
use tachy_stats::Outcome;

use super::grade::{Grade, GradedAspect};
use super::grading::{grades, overall, plural};
use super::input::ReportInput;
use super::sections::Parts;

/// Findings that the summary repeats, at most.
const MOST: usize = 6;

/// What there is to know first.
#[derive(Debug, Clone, Serialize)]
pub struct ExecutiveSummary {
    /// What was looked at, in a sentence.
    pub scope: String,
    /// The worst of all grades; `None` where nothing could be graded.
    pub grade: Option<Grade>,
    /// Each aspect with its grade, its rule and its numbers.
    pub aspects: Vec<GradedAspect>,
    /// The most important findings, in sentences; names stand between backticks.
    pub findings: Vec<String>,
}

/// What there is to know first: what was looked at, the grades, the most important findings.
pub fn executive_summary(input: &ReportInput) -> ExecutiveSummary {
    of(&Parts::new(input))
}

pub(super) fn of(parts: &Parts) -> ExecutiveSummary {
    let aspects = grades(parts);
    ExecutiveSummary {
        scope: scope(parts),
        grade: overall(&aspects),
        aspects,
        findings: findings(parts),
    }
}

fn scope(parts: &Parts) -> String {
    let performance = &parts.performance;
    let counts = [
        (performance.figures.len(), "measurement", "measurements"),
        (performance.runs.len(), "run", "runs"),
        (performance.verdicts.len(), "verdict", "verdicts"),
        (performance.traces.len(), "trace", "traces"),
        (parts.trends.series.len(), "series", "series"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| plural(count, one, many))
        .collect();
    match parts.is_empty() {
        true => "There is nothing to report on.".to_owned(),
        false => format!("{}.", crate::sentences::join(&parts)),
    }
}

fn findings(parts: &Parts) -> Vec<String> {
    let performance = &parts.performance;
    let wrong = performance.untimed.iter().filter(|untimed| untimed.wrong);
    let wrong = wrong.map(|untimed| format!("`{}` computes a wrong answer.", untimed.benchmark));
    let mut slower: Vec<_> =
        performance.verdicts.iter().filter(|v| v.outcome == Outcome::Slower).collect();
    slower.sort_by(|a, b| b.ratio.value.total_cmp(&a.ratio.value));
    let slower = slower.into_iter().map(|verdict| {
        format!(
            "`{}`: {} is {} times that of {}.",
            verdict.subject,
            verdict.metric_name(),
            crate::sentences::evidence(&verdict.ratio),
            verdict.against
        )
    });
    let steps = parts.trends.latest().map(|(judged, _, _, sentence)| {
        format!("`{}`, {}: {sentence}", judged.key.benchmark, judged.key.metric.name())
    });
    let rankings = performance
        .rankings
        .iter()
        .map(|ranking| format!("`{}`: {}", ranking.subject, ranking.headline));
    let bottlenecks = parts.bottlenecks.iter().map(|bottleneck| bottleneck.sentence.clone());
    // A few of each kind: none pushes all others out.
    let kinds: [Vec<String>; 5] = [
        wrong.collect(),
        slower.collect(),
        steps.collect(),
        rankings.collect(),
        bottlenecks.collect(),
    ];
    let mut findings = Vec::new();
    let mut places = [0; 5];
    while findings.len() < MOST {
        let before = findings.len();
        for (kind, place) in kinds.iter().zip(&mut places) {
            if let Some(finding) = kind.get(*place).filter(|_| findings.len() < MOST) {
                findings.push(finding.clone());
                *place += 1;
            }
        }
        if findings.len() == before {
            break;
        }
    }
    findings
}
