//! The table of all figures.

use tachy_measure::Metric;

use super::text::{escape, rich};
use crate::quantity::{Scale, quantity};
use crate::report::{METRICS, Report, Timed};
use crate::sentences::relative_interval;
use crate::terminal::ratio;

/// The table of the devices that were timed.
pub(super) fn table(report: &Report) -> String {
    let heads = [
        "run",
        "ratio",
        "p95",
        "call",
        "upload",
        "fetch",
        "compile",
        "first call",
        "peak memory",
        "error",
        "samples",
    ];
    let energy = report.has_energy().then_some(["energy", "power"]);
    let head: String = heads
        .iter()
        .chain(energy.iter().flatten())
        .map(|title| format!("<th scope=\"col\" class=\"number\">{title}</th>"))
        .collect();
    let scales: Vec<(Metric, Option<Scale>)> = METRICS
        .iter()
        .map(|metric| {
            let values = report.timed.iter().filter_map(|timed| timed.figure(*metric));
            let values: Vec<f64> = values.map(|figure| figure.value()).collect();
            (*metric, Scale::shared(&values, metric.unit()))
        })
        .collect();
    let rows: String = report.timed.iter().map(|timed| row(report, timed, &scales)).collect();
    format!(
        "<p>Typical values with 95% intervals; the ratio is to the first device.</p>\n\
         <div class=\"scroll\" role=\"region\" aria-label=\"All figures\" tabindex=\"0\">\n<table>\n\
         <thead><tr><th scope=\"col\" class=\"name\">device</th>{head}</tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n</div>\n{}",
        report
            .energy_notes()
            .whole()
            .iter()
            .map(|note| format!("<p>{}</p>\n", rich(note)))
            .collect::<String>()
    )
}

fn row(report: &Report, timed: &Timed, scales: &[(Metric, Option<Scale>)]) -> String {
    let show = |value: f64, metric: Metric| {
        let scale = scales.iter().find(|(of, _)| *of == metric).and_then(|(_, scale)| *scale);
        scale.map_or_else(|| quantity(value, metric.unit()), |scale| scale.show(value))
    };
    let cell = |main: &str, small: &str| {
        let small =
            if small.is_empty() { String::new() } else { format!("<small>{small}</small>") };
        format!("<td>{main}{small}</td>")
    };
    let figure = |metric: Metric| match timed.figure(metric) {
        None => cell("–", ""),
        Some(figure) => {
            let spread = figure.estimate.filter(|estimate| estimate.interval.is_some());
            cell(
                &show(figure.value(), metric),
                &spread.map_or(String::new(), |e| relative_interval(&e)),
            )
        }
    };
    let (factor, interval) = ratio(timed);
    let p95 = timed.figure(Metric::Run).and_then(|run| run.summary.p95);
    let cells = [
        figure(Metric::Run),
        cell(&factor, &interval),
        cell(&p95.map_or("–".to_owned(), |p95| show(p95, Metric::Run)), ""),
        figure(Metric::Call),
        figure(Metric::Upload),
        figure(Metric::Fetch),
        figure(Metric::Compile),
        figure(Metric::FirstCall),
        figure(Metric::PeakMemory),
        cell(&report.error_of(timed), ""),
        cell(&timed.replication(), ""),
    ];
    let energy = report.has_energy().then(|| [figure(Metric::Energy), figure(Metric::Power)]);
    let cells: String = cells.into_iter().chain(energy.into_iter().flatten()).collect();
    format!(
        "<tr><th scope=\"row\" class=\"name\"><span class=\"rank\">{}</span> <code>{}</code></th>{}</tr>\n",
        timed.rank(),
        escape(&timed.name()),
        cells
    )
}
