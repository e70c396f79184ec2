//! Histories for scripts: JSON and comma-separated values.

use std::collections::BTreeMap;

use serde::Serialize;
use tachy_measure::Unit;
use tachy_stats::{Change, Drift, Outcome, Severity};
use tachy_store::RunId;

use super::judged::{HistoryReport, Judged};
use crate::csv::{identifier, line};
use crate::layout::layout;

#[derive(Serialize)]
pub(crate) struct Series<'a> {
    benchmark: &'a str,
    parameters: &'a BTreeMap<String, String>,
    metric: String,
    unit: Unit,
    machine: &'a str,
    machine_speed_exponent: Option<f64>,
    points: Vec<Point<'a>>,
    changes: Vec<Step>,
    drift: Option<Trend>,
}

#[derive(Serialize)]
struct Point<'a> {
    run: RunId,
    started: u64,
    commit: Option<&'a str>,
    dirty: Option<bool>,
    processes: usize,
    value: f64,
    judged: f64,
}

#[derive(Serialize)]
struct Step {
    run: RunId,
    #[serde(flatten)]
    change: Change,
    ratio: f64,
    outcome: Outcome,
    severity: Option<Severity>,
}

#[derive(Serialize)]
struct Trend {
    #[serde(flatten)]
    drift: Drift,
    ratio: f64,
    outcome: Outcome,
}

impl HistoryReport {
    /// A list with an object for each series: `benchmark`, `parameters`, `metric`, `unit`, `machine`; `points`, the
    /// earliest first, with `run`, `started` (milliseconds since 1970), `commit`, `dirty`, `processes`, the `value`,
    /// and what was `judged` (the same, or the value without the machine's speed, of which `machine_speed_exponent`
    /// says how much was taken out); `changes` with the `run` and the `index` of the first point on the new level, the
    /// levels `before` and `after`, their `ratio`, `outcome`, `severity` and `p_value`; and the `drift`, if there is
    /// one. Times are in seconds, sizes in bytes.
    pub fn json(&self) -> String {
        let series: Vec<Series<'_>> = self.series.iter().map(Judged::section).collect();
        layout(&serde_json::to_string(&series).expect("the keys are strings"))
    }

    /// One line for each point, with the columns `benchmark`, `parameters` (as `name=value`, with blanks between),
    /// `metric`, `unit`, `machine`, `run`, `started`, `commit`, `processes`, `value`, `judged` and `change`: the ratio
    /// to the level before, where a new one begins.
    pub fn csv(&self) -> String {
        let names = [
            "benchmark",
            "parameters",
            "metric",
            "unit",
            "machine",
            "run",
            "started",
            "commit",
            "processes",
            "value",
            "judged",
            "change",
        ];
        let mut text = line(&names.map(str::to_owned));
        for series in &self.series {
            let section = series.section();
            let parameters: Vec<String> =
                section.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let unit = crate::csv::unit(section.unit);
            for (index, point) in section.points.iter().enumerate() {
                let change = section.changes.iter().find(|step| step.change.index == index);
                text += &line(&[
                    section.benchmark.to_owned(),
                    parameters.join(" "),
                    section.metric.clone(),
                    unit.to_owned(),
                    section.machine.to_owned(),
                    point.run.to_string(),
                    point.started.to_string(),
                    point.commit.unwrap_or_default().to_owned(),
                    point.processes.to_string(),
                    format!("{:?}", point.value),
                    format!("{:?}", point.judged),
                    change.map_or(String::new(), |step| format!("{:?}", step.ratio)),
                ]);
            }
        }
        text
    }
}

impl Judged {
    pub(crate) fn section(&self) -> Series<'_> {
        let values = self.measured.values().iter().zip(self.judged.values());
        let runs = self.runs.iter().zip(&self.processes);
        let points = runs.zip(values).map(|((run, processes), (value, judged))| Point {
            run: run.id,
            started: run.started,
            commit: run.environment.commit.as_deref(),
            dirty: run.environment.dirty,
            processes: *processes,
            value: *value,
            judged: *judged,
        });
        let changes = self.analysis.changes.iter().map(|change| Step {
            run: self.runs[change.index].id,
            change: *change,
            ratio: change.ratio(),
            outcome: change.outcome(),
            severity: change.severity(),
        });
        let drift = self.analysis.drift.map(|drift| Trend {
            drift,
            ratio: drift.ratio(),
            outcome: drift.outcome(),
        });
        Series {
            benchmark: &self.key.benchmark,
            parameters: &self.key.parameters,
            metric: identifier(self.key.metric),
            unit: self.key.metric.unit(),
            machine: &self.key.machine,
            machine_speed_exponent: self.exponent,
            points: points.collect(),
            changes: changes.collect(),
            drift,
        }
    }
}
