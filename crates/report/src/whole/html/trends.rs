//! What became of series over the runs: a line for each, with its levels and steps.

use tachy_stats::Outcome;

use super::super::figures::subject;
use super::super::trends::Trends;
use super::table::{Cell, table};
use crate::history::Judged;
use crate::html::axis::Axis;
use crate::html::text::{escape, rich, share};
use crate::quantity::{moment, quantity};

/// Series that are drawn, at most.
const MOST: usize = 24;

/// Points of a line, at most; the latest are kept.
const MOST_POINTS: usize = 400;

/// The height of a chart, in units of its picture.
const HEIGHT: f64 = 100.0;

/// The section's content.
pub(super) fn trends(trends: &Trends) -> String {
    if trends.is_empty() {
        return String::new();
    }
    let charts: String = trends
        .series
        .iter()
        .take(MOST)
        .enumerate()
        .map(|(number, judged)| chart(judged, number))
        .collect();
    let rest = trends.series.iter().skip(MOST).map(|judged| {
        let last = judged.measured.values().last().copied().unwrap_or(0.0);
        vec![
            Cell::html(format!(
                "<code>{}</code>",
                escape(&subject(&judged.key.benchmark, &judged.key.parameters))
            )),
            Cell::text(judged.key.metric.name()),
            Cell::number(&judged.runs.len().to_string(), judged.runs.len() as f64),
            Cell::number(&quantity(last, judged.key.metric.unit()), last),
            Cell::html(rich(&findings(judged).join(" "))),
        ]
    });
    let rest = table(
        "Further series",
        &["series", "metric", "runs:", "last:", "found"],
        rest.collect(),
        300,
    );
    let rest = if rest.is_empty() { rest } else { format!("<h3>Further series</h3>\n{rest}") };
    format!(
        "<p class=\"lead\">One dot for each run, the earliest at the left; the line is the level. Runs lie at equal \
         distances, whatever the time between them, and the axes do not begin at zero.</p>\n\
         <div class=\"trends\">\n{charts}</div>\n{rest}"
    )
}

fn findings(judged: &Judged) -> Vec<String> {
    let steps = judged.analysis.changes.iter().map(|change| judged.change(change));
    steps.chain(judged.analysis.drift.iter().map(|drift| judged.drift(drift))).collect()
}

fn chart(judged: &Judged, number: usize) -> String {
    let unit = judged.key.metric.unit();
    let all = judged.judged.values();
    let first = all.len().saturating_sub(MOST_POINTS);
    let values = &all[first..];
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    let axis = Axis::close(low, high, unit);
    let ticks = axis.ticks(3);
    let x = |index: f64| 1000.0 * (index - first as f64 + 0.5) / values.len() as f64;
    let y = |value: f64| HEIGHT * (1.0 - axis.place(value)).clamp(0.0, 1.0);
    let grid: String =
        ticks.iter().map(|(place, _)| format!("M0 {:.1}H1000", HEIGHT * (1.0 - place))).collect();
    let dots: String = values
        .iter()
        .enumerate()
        .map(|(index, value)| format!("M{:.1} {:.1}h0", x((first + index) as f64), y(*value)))
        .collect();
    let (level, steps) = levels(judged, first, &x, &y);
    let subject = subject(&judged.key.benchmark, &judged.key.parameters);
    let labels: String = ticks
        .iter()
        .map(|(place, label)| format!("<span style=\"bottom:{}\">{label}</span>", share(*place)))
        .collect();
    let day = |place: Option<usize>| {
        let run = place.and_then(|place| judged.runs.get(place));
        run.map_or(String::new(), |run| {
            moment(run.started / 1000).split(' ').next().unwrap_or_default().to_owned()
        })
    };
    let found: String = findings(judged)
        .iter()
        .zip(directions(judged))
        .map(|(text, outcome)| {
            let (class, sign) = match outcome {
                Outcome::Faster => ("good", "▼"),
                _ => ("bad", "▲"),
            };
            format!(
                "<li class=\"{class}\"><span aria-hidden=\"true\">{sign}</span> {}</li>\n",
                rich(text)
            )
        })
        .collect();
    let found = match found.is_empty() {
        true => "<p class=\"found none\">No step and no drift was found.</p>\n".to_owned(),
        false => format!("<ul class=\"found\">\n{found}</ul>\n"),
    };
    format!(
        "<figure class=\"trend\">\n<p class=\"label\"><code>{name}</code> · {metric}</p>\n<div class=\"chart\">\n\
         <div class=\"values\" aria-hidden=\"true\">{labels}</div>\n<svg viewBox=\"0 0 1000 {HEIGHT}\" \
         preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"trend-{number}\"><title id=\"trend-{number}\">{name}, \
         {metric}: {count} runs</title><path class=\"grid\" d=\"{grid}\"/>{steps}<path class=\"dots\" d=\"{dots}\"/>\
         <path class=\"level\" d=\"{level}\"/></svg>\n<div class=\"days\" aria-hidden=\"true\"><span>{begin}</span>\
         <span>{end}</span></div>\n</div>\n<figcaption>{occasion}</figcaption>\n{found}</figure>\n",
        name = escape(&subject),
        metric = judged.key.metric.name(),
        count = all.len(),
        begin = day(Some(first)),
        end = day(judged.runs.len().checked_sub(1)),
        occasion = rich(&judged.occasion()),
    )
}

fn directions(judged: &Judged) -> Vec<Outcome> {
    let analysis = &judged.analysis;
    analysis
        .changes
        .iter()
        .map(|c| c.outcome())
        .chain(analysis.drift.iter().map(|d| d.outcome()))
        .collect()
}

/// The line of levels, and a mark at each step.
fn levels(
    judged: &Judged,
    first: usize,
    x: &impl Fn(f64) -> f64,
    y: &impl Fn(f64) -> f64,
) -> (String, String) {
    let analysis = &judged.analysis;
    let last = judged.judged.len() as f64 - 0.5;
    if let Some(drift) = &analysis.drift {
        let line = format!("M0 {:.1}L1000 {:.1}", y(drift.start), y(drift.end));
        return (line, String::new());
    }
    let (mut line, mut marks) = (String::new(), String::new());
    for change in analysis.changes.iter().filter(|change| change.index > first) {
        let at = x(change.index as f64 - 0.5);
        if line.is_empty() {
            line = format!("M0 {:.1}", y(change.before));
        }
        line += &format!("H{at:.1}V{:.1}", y(change.after));
        let class = if change.outcome() == Outcome::Faster { "good" } else { "bad" };
        marks += &format!("<path class=\"step {class}\" d=\"M{at:.1} 0v{HEIGHT}\"/>");
    }
    if line.is_empty() {
        let Some(sorted) = judged.judged.sorted() else { return (line, marks) };
        line = format!("M0 {:.1}", y(sorted.median()));
    }
    line += &format!("H{:.1}", x(last));
    (line, marks)
}
