//! Where the time of a recorded session went: hotspots, flame graph, roofline, timeline.

use tachy_profile::analysis::Functions;

use super::super::traces::TraceAnalysis;
use super::flame::flame;
use super::roofline::roofline;
use super::table::{Cell, table};
use super::timeline::timeline;
use crate::html::text::{escape, share};
use crate::profile::functions::{evidence, place, without_paths};
use crate::quantity::{moment, percent, significant};

/// Operations of the table, at most, and what is in none.
const MOST_ROWS: usize = 60;

/// How many colours there are for kinds of work.
const COLOURS: usize = 6;

/// Kinds of work, those with most time first, each with its colour.
pub(super) struct Colours(Vec<String>);

impl Colours {
    fn of(trace: &TraceAnalysis) -> Self {
        let mut kinds: Vec<String> = Vec::new();
        for row in &trace.hotspots.rows {
            let kind = kind(&row.operation.category, &row.operation.name);
            if !kinds.iter().any(|known| known == kind) {
                kinds.push(kind.to_owned());
            }
        }
        Self(kinds)
    }

    /// The colour's number; those beyond the last share it.
    pub(super) fn place(&self, category: &str, name: &str) -> usize {
        let kind = kind(category, name);
        self.0.iter().position(|known| known == kind).unwrap_or(COLOURS).min(COLOURS)
    }

    /// The colours with their kinds.
    pub(super) fn legend(&self) -> String {
        let mut items: String = self
            .0
            .iter()
            .take(COLOURS)
            .enumerate()
            .map(|(place, kind)| format!("<li><i class=\"k{place}\"></i>{}</li>", escape(kind)))
            .collect();
        if self.0.len() > COLOURS {
            items += &format!(
                "<li><i class=\"k{COLOURS}\"></i>{} more kinds</li>",
                self.0.len() - COLOURS
            );
        }
        format!("<ul class=\"legend\">{items}</ul>\n")
    }
}

/// The kind of work; where nobody said, every operation is a kind of its own.
fn kind<'a>(category: &'a str, name: &'a str) -> &'a str {
    if category.is_empty() { name } else { category }
}

/// A session.
pub(super) fn trace(trace: &TraceAnalysis, number: usize) -> String {
    let hotspots = &trace.hotspots;
    let name = if hotspots.name.is_empty() { "A session" } else { &hotspots.name };
    let started = match trace.started {
        0 => String::new(),
        started => format!(" from {}", moment(started / 1_000_000_000)),
    };
    let colours = Colours::of(trace);
    format!(
        "<h3><code>{}</code></h3>\n<p class=\"lead\">Recorded{started}: {} spans on {} in {}. {} of it is in no span. \
         Recording took about {}.</p>\n{}{}{}{}{}",
        escape(name),
        crate::quantity::count(hotspots.spans),
        super::super::grading::plural(hotspots.threads.len(), "thread", "threads"),
        time(hotspots.wall as f64),
        escape(&percent(hotspots.unattributed_share())),
        time(hotspots.recording),
        table_of(trace),
        trace.functions.as_ref().map_or(String::new(), functions),
        flame(&trace.flame, &colours, number),
        roofline(trace, &colours, number),
        timeline(trace, &colours, number),
    )
}

fn table_of(trace: &TraceAnalysis) -> String {
    let hotspots = &trace.hotspots;
    let optional = |value: Option<f64>, show: &dyn Fn(f64) -> String| match value {
        Some(value) => Cell { html: show(value), key: Some(value) },
        None => Cell { html: "–".to_owned(), key: Some(f64::NAN) },
    };
    let giga = |value: f64| significant(value * 1e-9);
    let mut rows: Vec<Vec<Cell>> = hotspots
        .rows
        .iter()
        .map(|row| {
            let operation = &row.operation;
            let detail: Vec<String> = [&operation.category, &operation.device, &operation.detail]
                .into_iter()
                .filter(|text| !text.is_empty())
                .map(|text| escape(text))
                .collect();
            vec![
                Cell::html(format!(
                    "<code>{}</code> <small>{}</small>",
                    escape(&operation.name),
                    detail.join(" · ")
                )),
                Cell::number(&time(row.self_time as f64), row.self_time as f64),
                Cell { html: bar(row.share), key: Some(row.share) },
                Cell::number(&time(row.total as f64), row.total as f64),
                Cell::number(&row.calls.to_string(), row.calls as f64),
                Cell::number(&time(row.median), row.median),
                optional(row.flops_per_second, &giga),
                optional(row.bytes_per_second, &giga),
                optional(row.roofline, &|share| escape(&percent(share))),
                Cell::text(row.bound.name()),
                optional(row.potential, &|value| format!("{value:.1}")),
            ]
        })
        .collect();
    let nothing = || Cell { html: "–".to_owned(), key: Some(f64::NAN) };
    let outside = vec![
        Cell::html("<em>in no span</em>".to_owned()),
        Cell::number(&time(hotspots.unattributed as f64), hotspots.unattributed as f64),
        Cell { html: bar(hotspots.unattributed_share()), key: Some(hotspots.unattributed_share()) },
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        Cell::text("–"),
        nothing(),
    ];
    // It is shown, however many operations there are.
    rows.insert(rows.len().min(MOST_ROWS - 1), outside);
    let titles = [
        "operation",
        "self:",
        "of the run:",
        "total:",
        "calls:",
        "median:",
        "GFLOP/s:",
        "GB/s:",
        "of roofline:",
        "bound by",
        "potential:",
    ];
    format!(
        "{}<p class=\"fine\">Self is the time in the operation and in nothing that it called, over all threads; the share \
         is of the wall time, on the thread where it took longest. The potential, from 0 to 100, is the percentage of \
         the whole run that would be won if the operation reached its roofline.</p>\n",
        table("Hotspots", &titles, rows, MOST_ROWS)
    )
}

/// Where the processor was found.
fn functions(functions: &Functions) -> String {
    let rows: Vec<Vec<Cell>> = functions
        .rows
        .iter()
        .filter(|row| row.own > 0)
        .map(|row| {
            vec![
                Cell::html(format!("<code>{}</code>", escape(&without_paths(&row.name)))),
                Cell::number(&time(row.own as f64), row.own as f64),
                Cell { html: bar(row.share), key: Some(row.share) },
                Cell::number(&time(row.total as f64), row.total as f64),
                Cell::text(&place(row)),
            ]
        })
        .collect();
    let titles = ["function", "self:", "of the work:", "total:", "mostly in"];
    format!(
        "<h4>Functions</h4>\n{}<p class=\"fine\">{}</p>\n",
        table("Sampled functions", &titles, rows, MOST_ROWS),
        escape(&evidence(functions))
    )
}

fn bar(part: f64) -> String {
    format!(
        "<span class=\"meter short\"><i style=\"width:{}\"></i></span> <span class=\"part\">{}</span>",
        share(part.clamp(0.0, 1.0)),
        escape(&percent(part))
    )
}

/// Nanoseconds for people.
pub(super) fn time(nanoseconds: f64) -> String {
    crate::quantity::quantity(nanoseconds * 1e-9, tachy_measure::Unit::Seconds)
}
