//! The sentences that all forms of a check share.

use tachy_measure::gate::{Class, Compared, Conclusion, GateVerdict, Status};
use tachy_measure::{Metric, Unit};

use crate::quantity::{duration, moment, percent, quantity};
use crate::sentences::{evidence, join, times};

/// The first characters of a commit's name, as people write it.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// What was compared with what.
pub(super) fn compared(conclusion: &Conclusion) -> String {
    match &conclusion.compared {
        Compared::Revisions(revisions) => {
            let changes = if revisions.dirty { " with uncommitted changes" } else { "" };
            format!(
                "`{}` ({}) → {}{changes}",
                revisions.against,
                short(&revisions.reference),
                short(&revisions.candidate)
            )
        }
        Compared::Baseline { name, measured, reference, candidate, .. } => {
            let of = |commit: &Option<String>| {
                commit.as_ref().map_or_else(String::new, |commit| short(commit).to_owned())
            };
            let before = [of(reference), moment(*measured)];
            let before = before.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>();
            let here = Some(of(candidate)).filter(|commit| !commit.is_empty());
            let here = here.unwrap_or_else(|| "here".to_owned());
            format!("baseline `{name}` ({}) → {here}", before.join(", "))
        }
    }
}

/// The result in a sentence.
pub(super) fn headline(conclusion: &Conclusion) -> String {
    let of = |wanted: fn(Class) -> bool| -> Vec<String> {
        let chosen = conclusion.verdicts.iter().filter(|verdict| wanted(verdict.class));
        chosen.map(|verdict| format!("`{}`", subject(verdict, conclusion))).collect()
    };
    let (measured, count) = conclusion.measured;
    let all = format!("{count} benchmark{}", if count == 1 { "" } else { "s" });
    let regressions = of(|class| matches!(class, Class::Regression(_)));
    match conclusion.status() {
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
            let failed: Vec<String> =
                (conclusion.failures.iter()).map(|failure| format!("`{}`", failure.name)).collect();
            let slower = match regressions.is_empty() {
                true => String::new(),
                false => format!("; regressions: {}", join(&regressions)),
            };
            format!("Has failures: {} could not be measured{slower}.", join(&failed))
        }
        Status::Incomplete => {
            format!("Incomplete: interrupted after {measured} of {all}; no regression so far.")
        }
    }
}

/// The benchmark, and the metric unless it is the deciding one.
pub(super) fn subject(verdict: &GateVerdict, conclusion: &Conclusion) -> String {
    match Some(verdict.metric) == conclusion.deciding {
        true => verdict.name.clone(),
        false => format!("{} ({})", verdict.name, verdict.metric.name()),
    }
}

/// What follows, in a word or two.
pub(super) fn class(verdict: &GateVerdict) -> String {
    let memory = verdict.metric.unit() == Unit::Bytes;
    match verdict.class {
        Class::Regression(severity) => format!("regression ({severity})"),
        Class::Tolerated if memory => "larger, within the threshold".to_owned(),
        Class::Tolerated => "slower, within the threshold".to_owned(),
        Class::Improvement if memory => "smaller".to_owned(),
        Class::Improvement => "faster".to_owned(),
        Class::Same => "same".to_owned(),
        Class::Within => "within the threshold".to_owned(),
        Class::Unsure => "unsure".to_owned(),
    }
}

/// The verdict with its evidence, as a sentence without its end.
pub(super) fn sentence(verdict: &GateVerdict) -> String {
    let [before, after] = verdict.medians.map(|value| quantity(value, verdict.metric.unit()));
    format!(
        "{} {}: {before} → {after}, ratio {}; {}",
        verdict.metric.name(),
        times(&verdict.ratio),
        evidence(&verdict.ratio),
        verdict.reason
    )
}

/// How the verdicts came about.
pub(super) fn method(conclusion: &Conclusion) -> String {
    let mut thresholds: Vec<(Metric, f64)> = Vec::new();
    for verdict in &conclusion.verdicts {
        if thresholds.iter().all(|(metric, _)| *metric != verdict.metric) {
            thresholds.push((verdict.metric, conclusion.thresholds.of(verdict.metric)));
        }
    }
    let thresholds: Vec<String> = (thresholds.iter())
        .map(|(metric, share)| format!("{} in {}", percent(*share), metric.name()))
        .collect();
    let thresholds = match thresholds.is_empty() {
        true => String::new(),
        false => format!(" ({})", join(&thresholds)),
    };
    match &conclusion.compared {
        Compared::Revisions(_) => format!(
            "A regression is a slow-down beyond the threshold{thresholds} that was found twice, the second time in \
             reversed order and by fresh lots."
        ),
        Compared::Baseline { speed_removed, .. } => {
            let speed = match speed_removed {
                true => "times are relative to a kernel that never changes, timed beside them",
                false => "the speed of the machine on either day is part of every time",
            };
            format!(
                "A regression is a slow-down beyond the threshold{thresholds} that was found against what was measured \
                 on another day; {speed}. `tachy check --against` measures both on one day."
            )
        }
    }
}

/// When, where and how long.
pub(super) fn occasion(conclusion: &Conclusion) -> String {
    let environment = &conclusion.environment;
    let parts = [
        Some(moment(conclusion.started)),
        Some(format!("took {}", duration(conclusion.duration))),
        Some(environment.processor.clone()),
        Some(format!("{} logical processors", environment.logical_processors)),
        Some(format!("{} {}", environment.system, environment.architecture)),
        environment.load.map(|load| format!("load {load:.2}")),
        Some(format!("tachy {}", environment.tachy)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
