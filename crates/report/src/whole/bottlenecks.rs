//! What holds the work up, as far as the times tell.

use std::collections::BTreeMap;

use serde::Serialize;
use tachy_measure::Metric;
use tachy_profile::analysis::Cause;

use super::figures::Figure;
use super::grade::Number;
use super::input::ReportInput;
use super::performance::{PerformanceAnalysis, performance_analysis};
use super::traces::TraceAnalysis;
use crate::quantity::{percent, quantity, significant};

/// From this share of a call on, moving data is told as a bottleneck.
const TRANSFER: f64 = 0.1;

/// From this many runs on, a first call is told.
const FIRST_CALL: f64 = 5.0;

/// From this multiple of the median on, a 99th percentile is told.
const TAIL: f64 = 2.0;

/// The share of a call that its parts may leave unexplained.
const UNEXPLAINED: f64 = 0.02;

/// What holds the work up.
#[derive(Debug, Clone, Serialize)]
pub struct Bottleneck {
    /// Where: a benchmark, an operation.
    pub subject: String,
    /// What it is: `transfer`, `first_call`, `tail`, `hidden`, or what bounds an operation.
    pub kind: &'static str,
    /// What it is, in a sentence; names stand between backticks.
    pub sentence: String,
    /// The share of the time that it takes, by which bottlenecks are sorted.
    pub share: f64,
    /// The numbers behind it.
    pub numbers: Vec<Number>,
}

/// What holds the work up, the gravest first.
pub fn bottlenecks(input: &ReportInput) -> Vec<Bottleneck> {
    of(&performance_analysis(input))
}

pub(super) fn of(performance: &PerformanceAnalysis) -> Vec<Bottleneck> {
    let mut benchmarks: BTreeMap<(usize, usize), Vec<&Figure>> = BTreeMap::new();
    for figure in &performance.figures {
        benchmarks.entry((figure.run, figure.at.0)).or_default().push(figure);
    }
    let mut found: Vec<Bottleneck> =
        benchmarks.values().flat_map(|figures| of_benchmark(figures)).collect();
    found.extend(performance.traces.iter().flat_map(of_trace));
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
    found
}

/// What holds a recorded session up, with what would be won as its share.
fn of_trace(trace: &TraceAnalysis) -> impl Iterator<Item = Bottleneck> {
    trace.bottlenecks.iter().map(|found| {
        let operation = found.row.and_then(|row| trace.hotspots.rows.get(row));
        let share = found.gain.unwrap_or(0.0) / 100.0;
        let kind = match found.cause {
            Cause::Roofline(bound) => bound.name(),
            Cause::UnknownWork => "unknown_work",
            Cause::Stalls => "stalls",
            Cause::Unattributed => "unattributed",
            Cause::Recording => "recording",
            Cause::Lost => "lost",
        };
        let gain = found.gain.map(|_| Number::share("of the run that could be won", share));
        let time = operation.map(|row| {
            Number::quantity("total time", row.total as f64 * 1e-9, tachy_measure::Unit::Seconds)
        });
        Bottleneck {
            subject: operation
                .map_or(trace.hotspots.name.clone(), |row| row.operation.name.clone()),
            kind,
            sentence: found.sentence.clone(),
            share,
            numbers: gain.into_iter().chain(time).collect(),
        }
    })
}

fn of_benchmark(figures: &[&Figure]) -> Vec<Bottleneck> {
    let figure = |metric| figures.iter().find(|figure| figure.metric == metric);
    let value = |metric| figure(metric).map(|figure| figure.value());
    let subject = figures[0].subject();
    let seconds =
        |name: &str, value: f64| Number::quantity(name, value, tachy_measure::Unit::Seconds);
    let mut found = Vec::new();
    let moved = value(Metric::Upload).zip(value(Metric::Fetch)).map(|(up, down)| up + down);
    if let (Some(moved), Some(call)) = (moved, value(Metric::Call))
        && moved / call >= TRANSFER
    {
        let share = moved / call;
        found.push(Bottleneck {
            sentence: format!(
                "`{subject}`: {} of a call is upload and fetch ({} of {}).",
                percent(share),
                quantity(moved, tachy_measure::Unit::Seconds),
                quantity(call, tachy_measure::Unit::Seconds)
            ),
            subject: subject.clone(),
            kind: "transfer",
            share,
            numbers: vec![seconds("upload and fetch", moved), seconds("call", call)],
        });
    }
    if let (Some(moved), Some(run), Some(call)) = (moved, value(Metric::Run), value(Metric::Call))
        && 1.0 - (moved + run) / call > UNEXPLAINED
    {
        let share = 1.0 - (moved + run) / call;
        found.push(Bottleneck {
            sentence: format!(
                "`{subject}`: {} of a call is neither upload nor run nor fetch.",
                percent(share)
            ),
            subject: subject.clone(),
            kind: "hidden",
            share,
            numbers: vec![seconds("upload, run and fetch", moved + run), seconds("call", call)],
        });
    }
    if let (Some(first), Some(run)) = (value(Metric::FirstCall), value(Metric::Run))
        && first / run >= FIRST_CALL
    {
        found.push(Bottleneck {
            sentence: format!(
                "`{subject}`: the first call takes {} times as long as a run later on ({} against {}).",
                significant(first / run),
                quantity(first, tachy_measure::Unit::Seconds),
                quantity(run, tachy_measure::Unit::Seconds)
            ),
            subject: subject.clone(),
            kind: "first_call",
            share: 0.0,
            numbers: vec![seconds("first call", first), seconds("run", run)],
        });
    }
    let timed = figure(Metric::Run).or_else(|| figure(Metric::Time));
    if let Some(timed) = timed
        && let Some(p99) = timed.pooled.p99
        && p99 / timed.pooled.median >= TAIL
    {
        found.push(Bottleneck {
            sentence: format!(
                "`{subject}`: one in a hundred takes {} times the median or longer ({} against {}).",
                significant(p99 / timed.pooled.median),
                quantity(p99, timed.unit),
                quantity(timed.pooled.median, timed.unit)
            ),
            subject,
            kind: "tail",
            share: 0.01 * (p99 / timed.pooled.median - 1.0),
            numbers: vec![seconds("99th percentile", p99), seconds("median", timed.pooled.median)],
        });
    }
    found
}
