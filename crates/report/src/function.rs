//! How people and scripts read benchmarks of functions.

use serde::Serialize;
use tachy_measure::function::{Benchmark, Outcome, Record, Throughput};
use tachy_measure::{Metric, Unit};

use crate::figure::Figure;
use crate::json::FigureSummary;
use crate::layout::layout;
use crate::look::{Look, Tone};
use crate::quantity::{NO_BREAK, Scale, duration, moment, plain, quantity};
use crate::report::replication;
use crate::sentences::{busy, line_of, relative_interval, unsteady};
use crate::table::{Cell, Column, Table};
use crate::terminal::{block, bullet, quiet, shorten, show};

/// A benchmark that was timed.
struct Timed<'a> {
    benchmark: &'a Benchmark,
    time: Figure,
    /// Bytes or things in a second.
    rate: Option<f64>,
}

fn timed(record: &Record) -> Vec<Timed<'_>> {
    let timed = |benchmark| {
        let time = figure(benchmark, Metric::Time)?;
        let amount = benchmark.throughput.map(|throughput| throughput.amount() as f64);
        let rate = amount.map(|amount| amount / time.value()).filter(|rate| rate.is_finite());
        Some(Timed { benchmark, time, rate })
    };
    record.benchmarks.iter().filter_map(timed).collect()
}

fn figure(benchmark: &Benchmark, metric: Metric) -> Option<Figure> {
    Figure::of(benchmark.outcome.metric(metric)?)
}

fn failed(record: &Record) -> Vec<(String, String)> {
    let failed = |benchmark: &Benchmark| match &benchmark.outcome {
        Outcome::Failed { stage, message } => {
            Some((benchmark.id.clone(), format!("while {}: {}", stage.name(), message.trim())))
        }
        Outcome::Measured { .. } => None,
    };
    record.benchmarks.iter().filter_map(failed).collect()
}

/// How many were timed, in a sentence.
fn headline(timed: usize, failed: usize) -> String {
    let benchmarks =
        |count: usize| format!("{count} benchmark{}", if count == 1 { "" } else { "s" });
    match (timed, failed) {
        (0, 0) => "No benchmark was wanted.".to_owned(),
        (timed, 0) => format!("{} timed.", benchmarks(timed)),
        (timed, failed) => format!("{} timed, {failed} failed.", benchmarks(timed)),
    }
}

fn warnings(record: &Record, timed: &[Timed]) -> Vec<String> {
    let unsteady = timed.iter().filter_map(|timed| match &timed.benchmark.outcome {
        Outcome::Measured { warm_ups, .. } => unsteady(&timed.benchmark.id, warm_ups),
        Outcome::Failed { .. } => None,
    });
    let alone = (record.settings.processes == 1 && !timed.is_empty()).then(|| {
        "Each benchmark ran in one process only, which says nothing about the next process."
            .to_owned()
    });
    unsteady.chain(busy(&record.environment, "measuring")).chain(alone).collect()
}

/// For a terminal: the table, what failed, what qualifies it, and where it was measured.
pub fn terminal(record: &Record, look: Look) -> String {
    let (timed, failed) = (timed(record), failed(record));
    let tone = if failed.is_empty() { Tone::Strong } else { Tone::Bad };
    let headline = look.sentence(tone, &headline(timed.len(), failed.len()));
    let mut blocks = vec![format!("{}\n", look.wrap("", &headline))];
    if !timed.is_empty() {
        blocks.push(table(&timed).render(look));
    }
    let failures: Vec<_> = failed.into_iter().map(|(id, text)| (id, shorten(&text))).collect();
    blocks.push(block(look, Tone::Bad, "Failed", &failures));
    let warnings = warnings(record, &timed);
    blocks.push(warnings.iter().map(|text| bullet(look, "!", Tone::Caution, text)).collect());
    if !timed.is_empty() {
        let within = if record.settings.processes == 1 {
            "within one process (*)"
        } else {
            "over processes"
        };
        blocks.push(quiet(
            look,
            &format!("Times are medians of one iteration with a 95% interval {within}."),
        ));
    }
    let occasion = format!(
        "{} · took {} · seed {}",
        moment(record.started / 1000),
        duration(record.duration),
        record.settings.seed
    );
    blocks.push(quiet(look, &line_of(&record.environment, None)) + &quiet(look, &occasion));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

fn table(timed: &[Timed]) -> Table {
    let rates = timed.iter().any(|timed| timed.rate.is_some());
    let allocations: Vec<Option<Figure>> =
        timed.iter().map(|timed| figure(timed.benchmark, Metric::Allocations)).collect();
    let counted = allocations.iter().any(Option::is_some);
    let mut columns = vec![
        Column::left("benchmark"),
        Column::right("time"),
        Column::left("95%").joined(),
        Column::right("p95"),
        Column::right("samples"),
    ];
    if rates {
        columns.push(Column::right("rate"));
    }
    if counted {
        columns.extend([Column::right("allocations").opens_group(), Column::right("allocated")]);
    }
    let mut table = Table::new(columns);
    let times: Vec<f64> = timed.iter().map(|timed| timed.time.value()).collect();
    let scale = Scale::shared(&times, Unit::Seconds);
    for (timed, allocations) in timed.iter().zip(&allocations) {
        let time = &timed.time;
        let counts = timed.benchmark.outcome.metric(Metric::Time).map_or(Vec::new(), |time| {
            time.processes.iter().map(|series| series.samples.len()).collect()
        });
        let interval =
            time.estimate.map_or("?".to_owned(), |estimate| relative_interval(&estimate));
        let mut row = vec![
            Cell::new(&timed.benchmark.id, Tone::Strong),
            Cell::from(show(Some(time.value()), scale, Unit::Seconds)),
            Cell::new(interval, Tone::Quiet),
            Cell::from(show(time.summary.p95, scale, Unit::Seconds)),
            Cell::from(replication(&counts)),
        ];
        if rates {
            row.push(Cell::from(rate(timed)));
        }
        if counted {
            let bytes = figure(timed.benchmark, Metric::AllocatedBytes);
            row.push(Cell::from(counted_value(allocations.as_ref())));
            row.push(Cell::from(counted_value(bytes.as_ref())));
        }
        table.row(row);
    }
    table
}

/// What was counted, to the last one where that is short: `2`, `124 B`, `1.20 MiB`.
fn counted_value(figure: Option<&Figure>) -> String {
    let Some(figure) = figure else { return "–".to_owned() };
    match (figure.value(), figure.unit) {
        (value, Unit::Bytes) if value < 1000.0 && value.fract() == 0.0 => {
            format!("{value}{NO_BREAK}B")
        }
        (value, _) if value < 1000.0 && value.fract() == 0.0 => format!("{value}"),
        (value, unit) => quantity(value, unit),
    }
}

/// `1.2 GiB/s`, `34.5 M items/s`.
fn rate(timed: &Timed) -> String {
    match (timed.benchmark.throughput, timed.rate) {
        (Some(Throughput::Bytes(_)), Some(rate)) => format!("{}/s", quantity(rate, Unit::Bytes)),
        (Some(Throughput::Items(_)), Some(rate)) => {
            format!("{}{NO_BREAK}items/s", quantity(rate, Unit::Count))
        }
        _ => "–".to_owned(),
    }
}

/// The document: the record's own fields, so that it reads back as a [`Record`], and what follows from them.
#[derive(Serialize)]
struct Document<'a> {
    summary: Conclusions<'a>,
    #[serde(flatten)]
    record: &'a Record,
}

#[derive(Serialize)]
struct Conclusions<'a> {
    headline: String,
    warnings: Vec<String>,
    benchmarks: Vec<BenchmarkSummary<'a>>,
}

#[derive(Serialize)]
struct BenchmarkSummary<'a> {
    id: &'a str,
    figures: Vec<FigureSummary>,
    per_second: Option<f64>,
}

/// The record, and a section `summary` that follows from it: the `headline` and `warnings` as sentences, and for each
/// of the `benchmarks` that was timed its `id`, its `figures` (for each `metric` its `unit`, the `typical` value with
/// its 95% interval and what that was replicated over, and a summary of the `pooled` samples), and how many bytes or
/// things it works through `per_second`, where it says what an iteration works through.
///
/// Times are in seconds, sizes in bytes.
pub fn json(record: &Record) -> String {
    let timed = timed(record);
    let benchmarks = timed.iter().map(|timed| {
        let metrics = [Metric::Time, Metric::Allocations, Metric::AllocatedBytes];
        let figures = metrics.iter().filter_map(|metric| figure(timed.benchmark, *metric));
        BenchmarkSummary {
            id: &timed.benchmark.id,
            figures: figures.map(|figure| FigureSummary::from(&figure)).collect(),
            per_second: timed.rate,
        }
    });
    let document = Document {
        summary: Conclusions {
            headline: headline(timed.len(), failed(record).len()),
            warnings: warnings(record, &timed).iter().map(|text| plain(text)).collect(),
            benchmarks: benchmarks.collect(),
        },
        record,
    };
    layout(&serde_json::to_string(&document).expect("a record has string keys"))
}
