//! The sentences that all forms of a check share.

use tachy_measure::gate::{Class, GateRecord, GateVerdict, Status};
use tachy_measure::{Metric, Unit};
use tachy_stats::Finding;

use crate::quantity::{duration, moment, percent, quantity};
use crate::sentences::{evidence, join, times};

/// The first characters of a commit's name, as people write it.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// What was compared with what.
pub(super) fn revisions(record: &GateRecord) -> String {
    let revisions = &record.revisions;
    let changes = if revisions.dirty { " with uncommitted changes" } else { "" };
    format!(
        "`{}` ({}) → {}{changes}",
        revisions.against,
        short(&revisions.reference),
        short(&revisions.candidate)
    )
}

/// The result in a sentence.
pub(super) fn headline(record: &GateRecord) -> String {
    let verdicts = record.verdicts();
    let of = |wanted: fn(Class) -> bool| -> Vec<String> {
        let chosen = verdicts.iter().filter(|verdict| wanted(verdict.class));
        chosen.map(|verdict| format!("`{}`", subject(verdict, record))).collect()
    };
    let count = record.benchmarks.len();
    let all = format!("{count} benchmark{}", if count == 1 { "" } else { "s" });
    let regressions = of(|class| matches!(class, Class::Regression(_)));
    match record.status() {
        Status::AllPass => {
            let unsure = of(|class| class == Class::Unsure);
            let rest = match unsure.len() {
                0 => String::new(),
                _ => format!("; unsure of {}", join(&unsure)),
            };
            let which = match count {
                1 => "the benchmark is not".to_owned(),
                _ => format!("none of {all} is"),
            };
            format!("All pass: {which} slower beyond its threshold{rest}.")
        }
        Status::HasRegressions => format!("Has regressions: {}.", join(&regressions)),
        Status::HasCriticalRegressions => {
            format!("Has critical regressions: {}.", join(&regressions))
        }
        Status::HasFailures => {
            let failed: Vec<String> = (record.benchmarks.iter())
                .filter(|benchmark| benchmark.failure.is_some())
                .map(|benchmark| format!("`{}`", benchmark.name))
                .collect();
            let slower = match regressions.is_empty() {
                true => String::new(),
                false => format!("; regressions: {}", join(&regressions)),
            };
            format!("Has failures: {} could not be measured{slower}.", join(&failed))
        }
        Status::Incomplete => {
            let measured = record.benchmarks.iter().filter(|b| b.first.is_some()).count();
            format!("Incomplete: interrupted after {measured} of {all}; no regression so far.")
        }
    }
}

/// The benchmark, and the metric unless it is the deciding one.
pub(super) fn subject(verdict: &GateVerdict<'_>, record: &GateRecord) -> String {
    match verdict.metric == record.metric {
        true => verdict.name.to_owned(),
        false => format!("{} ({})", verdict.name, verdict.metric.name()),
    }
}

/// What follows, in a word or two.
pub(super) fn class(verdict: &GateVerdict<'_>) -> String {
    let memory = verdict.metric.unit() == Unit::Bytes;
    match verdict.class {
        Class::Regression(severity) => format!("regression ({severity})"),
        Class::Tolerated if memory => "larger, within the threshold".to_owned(),
        Class::Tolerated => "slower, within the threshold".to_owned(),
        Class::Improvement if memory => "smaller".to_owned(),
        Class::Improvement => "faster".to_owned(),
        Class::Same => "same".to_owned(),
        Class::Unsure => "unsure".to_owned(),
    }
}

/// The verdict with its evidence, as a sentence without its end.
pub(super) fn sentence(verdict: &GateVerdict<'_>) -> String {
    let [before, after] = verdict.medians.map(|value| quantity(value, verdict.metric.unit()));
    format!(
        "{} {}: {before} → {after}, ratio {}; {}",
        verdict.metric.name(),
        times(&verdict.judgement.ratio),
        evidence(&verdict.judgement.ratio),
        reason(verdict)
    )
}

/// Why, and what would settle what is unsure.
pub(super) fn reason(verdict: &GateVerdict<'_>) -> String {
    let judgement = &verdict.judgement;
    match (judgement.finding, judgement.settlement) {
        (Finding::ControlFailed, _) | (_, None) => judgement.finding.to_string(),
        (finding, Some(settlement)) => format!("{finding}; to settle it, {settlement}"),
    }
}

/// How the verdicts came about.
pub(super) fn method(record: &GateRecord) -> String {
    let thresholds = &record.thresholds;
    let time = format!("{} in {}", percent(thresholds.time), record.metric.name());
    let both = match record.metric {
        Metric::PeakMemory => format!("{} in peak memory", percent(thresholds.memory)),
        _ => format!("{time}, {} in peak memory", percent(thresholds.memory)),
    };
    format!(
        "A regression is a slow-down beyond the threshold ({both}) that was found twice, the second time in reversed \
         order and by fresh lots."
    )
}

/// When, where and how long.
pub(super) fn occasion(record: &GateRecord) -> String {
    let environment = &record.environment;
    let parts = [
        Some(moment(record.started)),
        Some(format!("took {}", duration(record.duration))),
        Some(environment.processor.clone()),
        Some(format!("{} logical processors", environment.logical_processors)),
        Some(format!("{} {}", environment.system, environment.architecture)),
        environment.load.map(|load| format!("load {load:.2}")),
        Some(format!("tachy {}", environment.tachy)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
