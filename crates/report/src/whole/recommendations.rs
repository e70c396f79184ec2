//! What to do, and why.

use serde::Serialize;
use tachy_profile::memory::{Effort, Priority as Saves};
use tachy_stats::Outcome;

use super::bottlenecks::Bottleneck;
use super::grade::Number;
use super::grading::plural;
use super::input::ReportInput;
use super::sections::Parts;
use super::verdicts::VerdictLine;
use crate::quantity::{percent, quantity};
use crate::sentences::{evidence, join};

/// How urgent a recommendation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Something is wrong.
    High,
    /// Something is to be gained.
    Medium,
    /// The figures would be surer.
    Low,
}

impl Priority {
    /// The word for people.
    pub const fn name(self) -> &'static str {
        match self {
            Priority::High => "high",
            Priority::Medium => "medium",
            Priority::Low => "low",
        }
    }
}

/// Something to do.
#[derive(Debug, Clone, Serialize)]
pub struct Recommendation {
    /// How urgent it is.
    pub priority: Priority,
    /// What to do, in a sentence; names stand between backticks.
    pub action: String,
    /// The evidence, in a sentence.
    pub because: String,
    /// The numbers behind it.
    pub numbers: Vec<Number>,
}

/// What to do, the most urgent first.
pub fn recommendations(input: &ReportInput) -> Vec<Recommendation> {
    of(&Parts::new(input))
}

pub(super) fn of(parts: &Parts) -> Vec<Recommendation> {
    let mut all = Vec::new();
    untimed(parts, &mut all);
    changes(parts, &mut all);
    devices(parts, &mut all);
    bottlenecks(parts, &mut all);
    memory(parts, &mut all);
    evidence_to_gather(parts, &mut all);
    // Stable: within a priority the order stays.
    all.sort_by_key(|recommendation| recommendation.priority);
    all
}

fn push(
    all: &mut Vec<Recommendation>,
    priority: Priority,
    action: String,
    because: String,
    numbers: Vec<Number>,
) {
    all.push(Recommendation { priority, action, because, numbers });
}

fn untimed(parts: &Parts, all: &mut Vec<Recommendation>) {
    for untimed in &parts.performance.untimed {
        let subject = &untimed.benchmark;
        let first_line = untimed.message.lines().next().unwrap_or_default().to_owned();
        match untimed.wrong {
            true => push(
                all,
                Priority::High,
                format!("Do not ship `{subject}` before its outputs are right."),
                format!("They differ from the reference: {first_line}"),
                Vec::new(),
            ),
            false => push(
                all,
                Priority::High,
                format!("Find out why `{subject}` fails."),
                first_line,
                Vec::new(),
            ),
        }
    }
}

fn changes(parts: &Parts, all: &mut Vec<Recommendation>) {
    let verdicts = &parts.performance.verdicts;
    let slower = verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Slower);
    let mut subjects: Vec<((&str, &str), Vec<&VerdictLine>)> = Vec::new();
    for verdict in slower {
        let key = (&*verdict.subject, &*verdict.against);
        match subjects.iter_mut().find(|(subject, _)| *subject == key) {
            Some((_, found)) => found.push(verdict),
            None => subjects.push((key, vec![verdict])),
        }
    }
    for ((subject, against), found) in subjects {
        let metrics: Vec<String> = found.iter().map(|verdict| verdict.metric_name()).collect();
        let ratios: Vec<String> = found
            .iter()
            .map(|verdict| format!("{} {}", verdict.metric_name(), evidence(&verdict.ratio)))
            .collect();
        push(
            all,
            Priority::High,
            format!("Look for what made `{subject}` take more: {}.", join(&metrics)),
            format!("As multiples of {against}: {}.", ratios.join("; ")),
            found.iter().map(|v| Number::ratio(&v.metric_name(), v.ratio.value)).collect(),
        );
    }
    let unsure: Vec<&VerdictLine> =
        verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Unsure).collect();
    if let Some(first) = unsure.first() {
        let names =
            unsure.iter().take(4).map(|v| format!("`{}` in {}", v.subject, v.metric_name()));
        let more = match unsure.len().saturating_sub(4) {
            0 => String::new(),
            more => format!(" … and {more} more"),
        };
        push(
            all,
            Priority::Low,
            format!(
                "Settle {}.",
                plural(unsure.len(), "verdict that is unsure", "verdicts that are unsure")
            ),
            format!(
                "{}{more}. Of the first: {}.",
                names.collect::<Vec<_>>().join(", "),
                first.reason
            ),
            vec![Number::count("unsure verdicts", unsure.len())],
        );
    }
    for (judged, ratio, outcome, sentence) in parts.trends.latest() {
        if outcome == Outcome::Slower {
            push(
                all,
                Priority::High,
                format!(
                    "Look at what changed `{}` in {}.",
                    judged.key.benchmark,
                    judged.key.metric.name()
                ),
                sentence,
                vec![Number::ratio("ratio", ratio)],
            );
        }
    }
}

/// The fastest device instead of a slower one, where that is clear.
fn devices(parts: &Parts, all: &mut Vec<Recommendation>) {
    for ranking in &parts.performance.rankings {
        let Some(first) = ranking.places.first() else { continue };
        let next = ranking.places.iter().find(|place| place.rank > first.rank);
        if let Some((next, ratio)) = next.and_then(|next| Some((next, next.to_first?))) {
            let tied: Vec<String> = ranking
                .places
                .iter()
                .filter(|place| place.rank == first.rank)
                .map(|place| format!("`{}`", place.device))
                .collect();
            push(
                all,
                Priority::Medium,
                format!("Run `{}` on {}.", ranking.subject, tied.join(" or ")),
                format!("`{}`, the next, takes {} the time.", next.device, evidence(&ratio)),
                vec![Number::ratio("ratio of the next", ratio.value)],
            );
        }
        let unsure = ranking
            .places
            .iter()
            .find(|place| place.rank == first.rank && place.outcome == Some(Outcome::Unsure));
        if let Some((place, remedy)) = unsure.and_then(|p| Some((p, p.remedy.as_ref()?))) {
            push(
                all,
                Priority::Low,
                format!("To tell `{}` from `{}`, {remedy}.", first.device, place.device),
                format!("On `{}` they cannot be told apart.", ranking.subject),
                Vec::new(),
            );
        }
    }
}

fn bottlenecks(parts: &Parts, all: &mut Vec<Recommendation>) {
    operations(parts, all);
    for bottleneck in &parts.bottlenecks {
        let action = match bottleneck.kind {
            "transfer" => format!(
                "Keep the data of `{}` on the device between calls, or send more of it at once.",
                bottleneck.subject
            ),
            "first_call" => format!(
                "Warm `{}` up before it has to answer: run it once when the program starts.",
                bottleneck.subject
            ),
            "stalls" => {
                format!("Look at the longest spans of `{}` in the timeline.", bottleneck.subject)
            }
            "unattributed" => "Put spans around what runs outside of all spans.".to_owned(),
            "tail" => format!(
                "Look for what interrupts `{}`: other work on its cores, allocation, or a cold cache.",
                bottleneck.subject
            ),
            _ => continue,
        };
        let because = bottleneck.sentence.clone();
        push(all, Priority::Medium, action, because, bottleneck.numbers.clone());
    }
}

/// Operations that are bound by the same, together: what to try is the same.
fn operations(parts: &Parts, all: &mut Vec<Recommendation>) {
    let remedies = [
        ("compute", "arithmetic", "a faster algorithm or kernel, wider vectors, or a smaller type"),
        (
            "memory",
            "memory",
            "fusing them with their neighbours, a smaller type, or a layout that is read once",
        ),
        ("overhead", "the cost of being called", "doing the work of several calls in one"),
    ];
    for (kind, bound, remedy) in remedies {
        let found: Vec<&Bottleneck> =
            parts.bottlenecks.iter().filter(|b| b.kind == kind && b.share > 0.0).collect();
        let Some(first) = found.first() else { continue };
        let names: Vec<String> = found.iter().take(4).map(|b| format!("`{}`", b.subject)).collect();
        let names = match found.len().saturating_sub(4) {
            0 => join(&names),
            more => format!("{} and {more} more", names.join(", ")),
        };
        let share: f64 = found.iter().map(|bottleneck| bottleneck.share).sum();
        push(
            all,
            Priority::Medium,
            format!("Make {names} faster, which {bound} bounds: try {remedy}."),
            format!(
                "At their rooflines the run would be {} shorter. {}",
                percent(share),
                first.sentence
            ),
            vec![Number::share("of the run that could be won", share)],
        );
    }
}

/// What was probably forgotten, and what could be saved.
fn memory(parts: &Parts, all: &mut Vec<Recommendation>) {
    for tracked in &parts.memory.tracked {
        for leak in tracked.report.leaks.iter().take(10) {
            let bytes = quantity(leak.bytes as f64, tachy_measure::Unit::Bytes);
            push(
                all,
                Priority::High,
                format!(
                    "Find out who forgets what `{}` allocates for {}.",
                    leak.site, leak.purpose
                ),
                format!(
                    "{bytes} in {} allocations on `{}` seem forgotten.",
                    leak.count, leak.device
                ),
                vec![Number::quantity("bytes", leak.bytes as f64, tachy_measure::Unit::Bytes)],
            );
        }
        for proposal in &tracked.optimizations {
            let effort = match proposal.effort {
                Effort::Low => "little",
                Effort::Medium => "some",
                Effort::High => "much",
            };
            let saved = proposal.potential_savings as f64;
            push(
                all,
                match proposal.priority {
                    Saves::Low => Priority::Low,
                    Saves::Medium | Saves::High => Priority::Medium,
                },
                proposal.description.clone(),
                format!(
                    "It saves {} on `{}` with {effort} effort, by {} events.",
                    quantity(saved, tachy_measure::Unit::Bytes),
                    proposal.device,
                    proposal.event_count
                ),
                vec![Number::quantity("saving", saved, tachy_measure::Unit::Bytes)],
            );
        }
    }
}

/// What would make the figures surer.
fn evidence_to_gather(parts: &Parts, all: &mut Vec<Recommendation>) {
    let performance = &parts.performance;
    let mut cautions: Vec<&String> =
        performance.runs.iter().filter_map(|run| run.caution.as_ref()).collect();
    cautions.dedup();
    for caution in cautions {
        push(
            all,
            Priority::Low,
            "Measure again on an idle machine.".to_owned(),
            caution.clone(),
            Vec::new(),
        );
    }
    let times = || performance.figures.iter().filter(|f| f.unit == tachy_measure::Unit::Seconds);
    let alone = times().filter(|figure| figure.processes == 1).count();
    if alone > 0 {
        let share = alone as f64 / times().count() as f64;
        push(
            all,
            Priority::Low,
            "Measure in several processes (`--processes 5`).".to_owned(),
            format!(
                "{} of the times come from a single process, which says nothing about the next one.",
                percent(share)
            ),
            vec![Number::share("from a single process", share)],
        );
    }
    let restless: Vec<String> = times()
        .filter(|figure| figure.restless > 0)
        .map(|figure| format!("`{}`", figure.subject()))
        .fold(Vec::new(), |mut names, name| {
            if !names.contains(&name) {
                names.push(name);
            }
            names
        });
    if !restless.is_empty() {
        let shown = restless.iter().take(5).cloned().collect::<Vec<_>>();
        let more = match restless.len().saturating_sub(5) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        push(
            all,
            Priority::Low,
            "Let what never became steady warm up for longer.".to_owned(),
            format!("{}{more} may still have been drifting when they were timed.", join(&shown)),
            vec![Number::count("benchmarks that never became steady", restless.len())],
        );
    }
}
