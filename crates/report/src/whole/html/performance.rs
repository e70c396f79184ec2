//! Who is fastest, what changed, what was measured.

use tachy_measure::Unit;
use tachy_stats::Outcome;

use super::super::collected::Collected;
use super::super::performance::PerformanceAnalysis;
use super::super::verdicts::VerdictLine;
use super::distributions::{distributions, ranking};
use super::figures::figures;
use super::table::{Cell, table};
use crate::html::text::{beginning, escape, rich};
use crate::quantity::{count, moment, quantity, significant};
use crate::sentences::{bracket, times};

/// Rankings that are drawn, at most.
const MOST_RANKINGS: usize = 12;

/// Sessions that are drawn, at most.
const MOST_TRACES: usize = 4;

/// Characters of a message that are shown.
const MESSAGE: usize = 3_000;

/// Commits are told by so many characters.
const SHORT: usize = 12;

/// The section's content.
pub(super) fn performance(performance: &PerformanceAnalysis) -> String {
    let mut out = String::new();
    for (number, ranked) in performance.rankings.iter().take(MOST_RANKINGS).enumerate() {
        out += &ranking(performance, ranked, number);
    }
    let more =
        performance.rankings.len().saturating_sub(MOST_RANKINGS) + performance.rankings_left_out;
    if more > 0 {
        out += &format!(
            "<p class=\"fine\">{more} more rankings are not drawn; the table below has all measurements.</p>\n"
        );
    }
    for (number, trace) in performance.traces.iter().take(MOST_TRACES).enumerate() {
        out += &super::traces::trace(trace, number);
    }
    out += &collected(&performance.collected);
    out += &verdicts(&performance.verdicts);
    out += &figures(performance);
    out += &distributions(performance);
    out += &untimed(performance);
    out += &runs(performance);
    out
}

fn collected(collected: &[Collected]) -> String {
    let time = |seconds: f64| Cell::number(&quantity(seconds, Unit::Seconds), seconds);
    let rows = collected.iter().map(|line| {
        let mut cells = vec![
            Cell::html(format!("<code>{}</code>", escape(&line.operation))),
            Cell::html(format!("<code>{}</code>", escape(&line.device))),
            Cell::number(&count(line.count), line.count as f64),
            time(line.mean),
        ];
        cells.extend(line.quantiles.map(|quantile| quantile.map_or(Cell::text("–"), time)));
        cells.push(time(line.longest));
        cells.push(Cell::number(&significant(line.items_per_second), line.items_per_second));
        cells
    });
    let titles = [
        "operation",
        "device",
        "count:",
        "mean:",
        "median:",
        "p95:",
        "p99:",
        "longest:",
        "items/s:",
    ];
    match table("Programs at work", &titles, rows.collect(), 300) {
        none if none.is_empty() => none,
        table => format!(
            "<h3>Programs at work</h3>\n<p class=\"lead\">What metrics collectors were told of, by operation and \
             device. Nobody chose the load, so these are no comparisons.</p>\n{table}"
        ),
    }
}

fn verdicts(verdicts: &[VerdictLine]) -> String {
    let rows = verdicts
        .iter()
        .map(|verdict| {
            let class = match verdict.outcome {
                Outcome::Slower => "bad",
                Outcome::Faster => "good",
                Outcome::Unsure => "weak",
                Outcome::Same => "none",
            };
            let severity =
                verdict.severity.map_or(String::new(), |severity| format!(", {severity}"));
            let interval = bracket(&verdict.ratio);
            vec![
                Cell::html(format!("<code>{}</code>", escape(&verdict.subject))),
                Cell::text(&verdict.metric_name()),
                Cell::number(&quantity(verdict.medians[0], verdict.unit), verdict.medians[0]),
                Cell::number(&quantity(verdict.medians[1], verdict.unit), verdict.medians[1]),
                Cell {
                    html: format!("{} <small>{interval}</small>", times(&verdict.ratio)),
                    key: Some(verdict.ratio.value),
                },
                Cell::html(format!(
                    "<span class=\"word {class}\">{}{severity}</span>",
                    verdict.word()
                )),
                Cell::html(format!(
                    "<span class=\"why\">{} Against {}.</span>",
                    sentence(&verdict.reason),
                    escape(&verdict.against)
                )),
            ]
        })
        .collect();
    let titles = ["what", "metric", "before:", "now:", "ratio:", "verdict", "why"];
    match table("Verdicts", &titles, rows, 300) {
        none if none.is_empty() => none,
        table => format!(
            "<h3>Verdicts</h3>\n<p class=\"lead\">What stands here against what it was compared with. Intervals are \
             wide enough to hold for all of one check together.</p>\n{table}"
        ),
    }
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    rich(&format!("{first}{}.", characters.as_str().trim_end_matches('.')))
}

fn untimed(performance: &PerformanceAnalysis) -> String {
    let articles: String = performance
        .untimed
        .iter()
        .take(100)
        .map(|untimed| {
            let state = if untimed.wrong { "is wrong" } else { "failed" };
            format!(
                "<article class=\"refused\">\n<h4><code>{}</code> {state}</h4>\n<pre tabindex=\"0\">{}</pre>\n</article>\n",
                escape(&untimed.benchmark),
                escape(&beginning(untimed.message.trim_end(), MESSAGE))
            )
        })
        .collect();
    match articles.is_empty() {
        true => articles,
        false => format!("<h3>Not timed</h3>\n{articles}"),
    }
}

fn runs(performance: &PerformanceAnalysis) -> String {
    let rows = performance
        .runs
        .iter()
        .enumerate()
        .map(|(place, run)| {
            let commit: String = run.commit.iter().flat_map(|c| c.chars().take(SHORT)).collect();
            let changes = if run.dirty == Some(true) { " with changes" } else { "" };
            vec![
                Cell::html(format!(
                    "<span class=\"rank\">{}</span> <code class=\"id\">{}</code>",
                    place + 1,
                    run.id
                )),
                Cell::number(&moment(run.started / 1000), run.started as f64),
                Cell::text(&run.command),
                Cell::number(&run.benchmarks.to_string(), run.benchmarks as f64),
                Cell::html(format!("<code>{}</code>{changes}", escape(&commit))),
                Cell::text(&run.machine),
            ]
        })
        .collect();
    let titles = ["run", "started:", "by", "benchmarks:", "commit", "machine"];
    match table("Runs", &titles, rows, 100) {
        none if none.is_empty() => none,
        table => format!("<h3>Runs</h3>\n{table}"),
    }
}
