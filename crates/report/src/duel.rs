//! How people and scripts read a duel.

use tachy_measure::Metric;
use tachy_measure::duel::{Announcement, Options, Record, Verdict};
use tachy_stats::{Control, Finding, Judgement, Outcome, Settlement};

use crate::layout::layout;
use crate::look::{Look, Tone};
use crate::quantity::{Scale, duration, level, moment, percent, quantity};
use crate::sentences::{bracket, evidence, join, times};
use crate::table::{Cell, Column, Table};

/// The record as JSON: everything, with every process in run order.
pub fn json(record: &Record) -> String {
    layout(&serde_json::to_string(record).expect("the record is plain data"))
}

/// What the duel can find, in a sentence or two: to be said before it begins.
pub fn announcement(announcement: &Announcement, options: &Options, look: Look) -> String {
    look.wrap("", &look.sentence(Tone::Plain, &said_before(announcement, options)))
}

fn said_before(announcement: &Announcement, options: &Options) -> String {
    let Announcement { most_pairs, plan, smallest_effect, seconds_per_pair, noise, .. } =
        announcement;
    let sure = level(1.0 - options.judging.missed);
    let wanted = share(options.effect);
    let what = deciding(options.metric);
    let time = |pairs: usize| duration(pairs as f64 * seconds_per_pair);
    let noise = match *noise {
        small if small < 0.3 => format!("two processes of A differ by {} or so", percent(small)),
        large => format!("two processes of A differ by a factor of {:.1} or so", large.exp()),
    };
    let fewest = options.judging.fewest_pairs();
    match plan {
        Some(plan) if announcement.finds_the_effect() => format!(
            "A slow-down of {wanted}{what} is found within {} pairs with a probability of {sure}, in {} at most; half of \
             such duels stop after {} pairs. That is so as long as {noise}, as in the pilot.",
            plan.pairs,
            time(plan.pairs),
            plan.typical_pairs
        ),
        _ if *most_pairs < fewest => format!(
            "{most_pairs} pairs can decide nothing; it takes {fewest} at least, which are {}.",
            time(fewest)
        ),
        plan => {
            let found = match smallest_effect {
                Some(effect) => format!(
                    "The smallest slow-down{what} that is found within {most_pairs} pairs with a probability of {sure} \
                     is {} ({noise}).",
                    percent(*effect)
                ),
                None => format!(
                    "No slow-down{what} is sure to be found within {most_pairs} pairs ({noise})."
                ),
            };
            match plan {
                Some(plan) => format!(
                    "{found} For {wanted} it takes {} pairs (`--pairs {}`), which are {}.",
                    plan.pairs,
                    plan.pairs,
                    time(plan.pairs)
                ),
                None if options.effect <= options.judging.margin => format!(
                    "{found} {wanted} is within the margin, which no number of pairs tells from the same."
                ),
                None => format!(
                    "{found} {wanted} is beyond what is to be seen through noise like this; use a quieter machine, or \
                     let the commands do more work."
                ),
            }
        }
    }
}

/// The duel for a terminal: the verdict in a sentence, the table, its reasons, and where it was measured.
pub fn terminal(record: &Record, look: Look) -> String {
    let options = &record.options;
    let legend = [("A", &options.reference), ("B", &options.candidate)]
        .map(|(name, program)| (name.to_owned(), program.line.clone()));
    let mut blocks = vec![headline(record, look), look.entries(&legend, 1, Tone::Strong)];
    if !record.verdicts.is_empty() {
        blocks.push(table(record).render(look));
    }
    blocks.push(notes(record, look));
    blocks.push(quiet(look, &absences(record)) + &quiet(look, &occasion(record)));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

fn headline(record: &Record, look: Look) -> String {
    let metric = record.options.metric;
    let (tone, text) = match record.verdict(metric) {
        None => (Tone::Caution, "Interrupted in the pilot: nothing is known yet.".to_owned()),
        Some(verdict) => {
            let ratio = &verdict.judgement.ratio;
            let interval = match ratio.interval {
                Some(interval) => {
                    format!(", {} interval {}", level(interval.level), bracket(ratio))
                }
                None => String::new(),
            };
            let evidence = format!("{} the {}{interval}", times(ratio), metric.name());
            let less = word(metric, Outcome::Faster);
            let more = word(metric, Outcome::Slower);
            match (verdict.judgement.outcome, metric) {
                (Outcome::Same, Metric::Time) => {
                    (Tone::Strong, format!("B is as fast as A: {evidence}."))
                }
                (Outcome::Same, _) => (Tone::Strong, format!("B takes the same as A: {evidence}.")),
                (Outcome::Faster, Metric::Time) => {
                    (Tone::Good, format!("B is faster than A: {evidence}."))
                }
                (Outcome::Slower, Metric::Time) => {
                    (Tone::Bad, format!("B is slower than A: {evidence}."))
                }
                (Outcome::Faster, _) => (Tone::Good, format!("B takes less than A: {evidence}.")),
                (Outcome::Slower, _) => (Tone::Bad, format!("B takes more than A: {evidence}.")),
                (Outcome::Unsure, _) => (
                    Tone::Caution,
                    format!("Unsure whether B is {less}, {more} or the same: {evidence}."),
                ),
            }
        }
    };
    look.wrap("", &look.sentence(tone, &text)) + "\n"
}

/// An outcome in the words of a metric: nobody calls memory slower.
fn word(metric: Metric, outcome: Outcome) -> &'static str {
    match (outcome, metric) {
        (Outcome::Faster, Metric::Time) => "faster",
        (Outcome::Slower, Metric::Time) => "slower",
        (Outcome::Faster, _) => "less",
        (Outcome::Slower, _) => "more",
        (Outcome::Same, _) => "same",
        (Outcome::Unsure, _) => "unsure",
    }
}

fn table(record: &Record) -> Table {
    let mut table = Table::new(vec![
        Column::left(""),
        Column::right("A"),
        Column::right("B"),
        Column::right("B ÷ A"),
        Column::left("interval").joined(),
        Column::left("verdict"),
    ]);
    for verdict in &record.verdicts {
        let Verdict { metric, unit, medians, judgement, .. } = verdict;
        let scale = Scale::shared(medians, *unit);
        let show = |value| scale.map_or_else(|| quantity(value, *unit), |scale| scale.show(value));
        let tone = match judgement.outcome {
            Outcome::Faster => Tone::Good,
            Outcome::Slower => Tone::Bad,
            Outcome::Same => Tone::Plain,
            Outcome::Unsure => Tone::Caution,
        };
        let severity =
            judgement.severity.map_or(String::new(), |severity| format!(" ({severity})"));
        table.row(vec![
            Cell::new(metric.name(), Tone::Strong),
            show(medians[0]).into(),
            show(medians[1]).into(),
            times(&judgement.ratio).into(),
            Cell::new(bracket(&judgement.ratio), Tone::Quiet),
            Cell::new(format!("{}{severity}", word(*metric, judgement.outcome)), tone),
        ]);
    }
    table
}

/// Why the verdicts are what they are, and what qualifies them.
fn notes(record: &Record, look: Look) -> String {
    let mut notes = String::new();
    let mut note = |sign: &str, tone: Tone, text: &str| {
        let first = format!("{} ", look.paint(tone, sign));
        notes += &look.wrap(&first, &look.sentence(Tone::Plain, text));
        notes.push('\n');
    };
    if record.interrupted && !record.verdicts.is_empty() {
        note("!", Tone::Caution, "Interrupted: this is what is known so far.");
    }
    for (sentence, metrics) in reasons(record) {
        note("→", Tone::Strong, &format!("{}: {sentence}.", join(&metrics)));
    }
    if let Some(announcement) = &record.announcement {
        let said = said_before(announcement, &record.options);
        let pairs = count_of_pairs(record, true);
        note("·", Tone::Quiet, &format!("Said before: {said} {pairs} were measured."));
    }
    match control(record) {
        Some((true, text)) => note("·", Tone::Quiet, &text),
        Some((false, text)) => note("!", Tone::Bad, &text),
        None => {}
    }
    if let Some(text) = memory_floor(record) {
        note("!", Tone::Caution, &text);
    }
    if let Some(text) = busy(record) {
        note("!", Tone::Caution, &text);
    }
    notes
}

/// Each reason, with the metrics that it holds for.
fn reasons(record: &Record) -> Vec<(String, Vec<&'static str>)> {
    let mut reasons: Vec<(String, Vec<&'static str>)> = Vec::new();
    for verdict in &record.verdicts {
        let reason = reason(record, &verdict.judgement);
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, metrics)) => metrics.push(verdict.metric.name()),
            None => reasons.push((reason, vec![verdict.metric.name()])),
        }
    }
    reasons
}

fn reason(record: &Record, judgement: &Judgement) -> String {
    let Some(settlement) = judgement.settlement else { return judgement.finding.to_string() };
    let more = match settlement {
        Settlement::MorePairs(more) => {
            let pairs = judgement.ratio.replication.count + more;
            let time = record.announcement.as_ref().map_or(String::new(), |announcement| {
                format!(", which are {}", duration(pairs as f64 * announcement.seconds_per_pair))
            });
            format!(" (`--pairs {pairs}`{time})")
        }
        Settlement::OtherMargin => " (`--margin`)".to_owned(),
        Settlement::QuieterMachine | Settlement::RepairedRun => String::new(),
    };
    match judgement.finding {
        Finding::ControlFailed => judgement.finding.to_string(),
        finding => format!("{finding}; to settle it, {settlement}{more}"),
    }
}

/// Whether the control found nothing, and what to say of it; `None` if there was no control.
fn control(record: &Record) -> Option<(bool, String)> {
    let pairs = count_of_pairs(record, false);
    let failed: Vec<&str> = record
        .verdicts
        .iter()
        .filter(|verdict| {
            verdict.control.is_some_and(|control| Control::of(&control) == Control::Distrusted)
        })
        .map(|verdict| verdict.metric.name())
        .collect();
    let deciding = record.verdict(record.options.metric).and_then(|verdict| verdict.control);
    let ratio = deciding.map_or(String::new(), |control| {
        format!(": {} {}", record.options.metric.name(), evidence(&control.ratio))
    });
    if !failed.is_empty() {
        let text = format!(
            "The control, A against itself in {pairs}, found a difference in {} where there is none{ratio}; nothing is \
             sure in this run. Repeat it, and look for what differs from start to start.",
            join(&failed)
        );
        return Some((false, text));
    }
    deciding.map(|_| {
        let text = format!(
            "Control: A against itself in {pairs}{ratio}, no difference found, as it should be."
        );
        (true, text)
    })
}

fn count_of_pairs(record: &Record, duel: bool) -> String {
    let is_duel = |part| part == tachy_measure::duel::Part::Duel;
    let count = record.pairs.iter().filter(|pair| is_duel(pair.part) == duel).count();
    format!("{count} pair{}", if count == 1 { "" } else { "s" })
}

/// A child takes over the peak of whoever starts it.
fn memory_floor(record: &Record) -> Option<String> {
    let floor = record.least_peak_memory?;
    let medians = record.verdict(Metric::PeakMemory)?.medians;
    medians.iter().any(|median| *median <= floor as f64).then(|| {
        format!(
            "A peak memory of {} or less is this program's own, which every process begins with; the commands' may be \
             lower.",
            quantity(floor as f64, tachy_measure::Unit::Bytes)
        )
    })
}

fn busy(record: &Record) -> Option<String> {
    let environment = &record.environment;
    let load = environment.load.filter(|load| *load > environment.logical_processors as f64)?;
    Some(format!(
        "The machine was busy when the duel began: {load:.1} processes wanted to run on {} logical processors. The \
         verdicts hold all the same, but need more pairs.",
        environment.logical_processors
    ))
}

fn absences(record: &Record) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (metric, reason) in &record.absent {
        match reasons.iter_mut().find(|(other, _)| other == reason) {
            Some((_, metrics)) => metrics.push(metric.name()),
            None => reasons.push((reason, vec![metric.name()])),
        }
    }
    let sentences: Vec<String> = reasons
        .iter()
        .map(|(reason, metrics)| format!("Without {}: {reason}.", join(metrics)))
        .collect();
    sentences.join(" ")
}

fn occasion(record: &Record) -> String {
    let environment = &record.environment;
    let parts = [
        Some(moment(record.started)),
        Some(format!("took {}", duration(record.duration))),
        Some(format!("seed {}", record.options.seed)),
        Some(environment.processor.clone()),
        Some(format!("{} logical processors", environment.logical_processors)),
        Some(format!("{} {}", environment.system, environment.architecture)),
        environment.governor.as_ref().map(|governor| format!("governor {governor}")),
        environment.load.map(|load| format!("load {load:.2}")),
        Some(format!("tachy {}", environment.tachy)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn quiet(look: Look, text: &str) -> String {
    let text = crate::look::tame(text).replace('\n', " ");
    if text.is_empty() {
        return String::new();
    }
    let lines = look.wrap("", &text);
    lines.lines().map(|line| look.paint(Tone::Quiet, line) + "\n").collect()
}

/// A share that somebody chose: `2%`, `0.5%`.
fn share(share: f64) -> String {
    let digits = format!("{:.2}", share * 100.0);
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// What a slow-down is of, unless it is of time.
fn deciding(metric: Metric) -> String {
    match metric {
        Metric::Time => String::new(),
        metric => format!(" in {}", metric.name()),
    }
}
