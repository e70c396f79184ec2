//! Comma-separated values, as RFC 4180 has them: for spreadsheets and data frames.

use tachy_measure::{Comparison, Measurement, Metric, Outcome, Unit};
use tachy_runtime::Availability;
use tachy_stats::Estimate;

use crate::look::tame;
use crate::report::{METRICS, Report, Timed};

impl Report<'_> {
    /// One line for each device: timed ones by rank, then the wrong, the failed and the absent.
    ///
    /// The columns, of which those that do not apply are empty:
    /// * `model`, `device`, `engine`, `threads`, `processor`
    /// * `state`: `timed`, `wrong`, `failed` or `absent`; `message`: why it was not timed
    /// * `rank`, shared by devices that cannot be told apart; `best_rank` and `worst_rank` that the data allow
    /// * `ratio`, `ratio_low`, `ratio_high`: to the first device; `ratio_level`: of that interval
    /// * for `run`, `upload`, `fetch`, `call`, `compile`, `first_call` in seconds, `peak_memory` in bytes, `energy` of a call
    ///   in joules and `power` in watts: the typical value, as `run_seconds`, and its 95% interval, as `run_seconds_low` and
    ///   `run_seconds_high`; `energy_absent`: why there is no energy
    /// * `run_p95_seconds`, if there are samples enough
    /// * `parts_of_call`: upload, run and fetch as a share of the whole call
    /// * `relative_l2`, `max_absolute`, `max_relative`: errors of the outputs; `tolerance`: the accepted `relative_l2`
    /// * `samples` of a run over all processes; `processes`; `steady_processes`: those whose warm-up became steady
    pub fn csv(&self) -> String {
        let mut text = line(&header());
        for timed in &self.timed {
            text += &line(&self.timed_record(timed));
        }
        let mut untimed =
            |device: String, engine: &str, state: &str, message: &str, errors: [Option<f64>; 4]| {
                let mut record = self.start(&device, engine, state);
                record.push(message.to_owned());
                let errors_at =
                    header().iter().position(|name| name == "relative_l2").unwrap_or_default();
                record.resize(errors_at, String::new());
                record.extend(errors.map(number));
                record.resize(header().len(), String::new());
                text += &line(&record);
            };
        for (row, agreement) in &self.wrong {
            let message = agreement.fault.as_deref().unwrap_or_default();
            let errors = errors(agreement);
            untimed(row.device.to_string(), &row.description, "wrong", message, errors);
        }
        for failed in &self.failed {
            let message = format!("while {}: {}", failed.stage.name(), failed.message);
            let row = failed.row;
            untimed(row.device.to_string(), &row.description, "failed", &message, [None; 4]);
        }
        for info in &self.comparison.absent {
            if let Availability::Absent { reason, remedy } = &info.availability {
                let message = format!("{reason} {remedy}");
                let device = info.device.to_string();
                untimed(device, &info.description, "absent", &message, [None; 4]);
            }
        }
        text
    }

    fn start(&self, device: &str, engine: &str, state: &str) -> Vec<String> {
        vec![
            self.comparison.model.name.clone(),
            device.to_owned(),
            engine.to_owned(),
            self.comparison.settings.threads.to_string(),
            self.comparison.environment.processor.clone(),
            state.to_owned(),
        ]
    }

    fn timed_record(&self, timed: &Timed) -> Vec<String> {
        let place = &timed.place;
        let mut record = self.start(&timed.name(), &timed.row.description, "timed");
        record.push(String::new());
        record.extend([place.rank, place.best_rank, place.worst_rank].map(|rank| rank.to_string()));
        match &place.to_first {
            None => record.extend(["1", "", "", ""].map(str::to_owned)),
            Some(verdict) => {
                record.extend(ends(Some(&verdict.ratio)));
                record.push(number(verdict.ratio.interval.map(|interval| interval.level)));
            }
        }
        for metric in METRICS {
            let figure = timed.figure(metric);
            record.extend(match figure.map(|figure| (figure, &figure.estimate)) {
                Some((figure, None)) => {
                    [number(Some(figure.value())), String::new(), String::new()]
                }
                other => ends(other.and_then(|(_, estimate)| estimate.as_ref())),
            });
        }
        record.push(number(timed.figure(Metric::Run).and_then(|figure| figure.summary.p95)));
        record.push(number(timed.parts_of_call()));
        record.extend(errors(&timed.measured.agreement).map(number));
        let counts = timed.counts();
        let steady = timed.measured.warm_ups.iter().filter(|warm_up| warm_up.steady).count();
        record.extend([counts.iter().sum(), counts.len(), steady].map(|n: usize| n.to_string()));
        record.push(timed.measured.energy_absent.clone().unwrap_or_default());
        record
    }
}

fn header() -> Vec<String> {
    let mut names: Vec<String> = [
        "model",
        "device",
        "engine",
        "threads",
        "processor",
        "state",
        "message",
        "rank",
        "best_rank",
        "worst_rank",
        "ratio",
        "ratio_low",
        "ratio_high",
        "ratio_level",
    ]
    .map(str::to_owned)
    .to_vec();
    for metric in METRICS {
        let name = format!("{}_{}", identifier(metric), unit(metric.unit()));
        names.extend([name.clone(), format!("{name}_low"), format!("{name}_high")]);
    }
    let rest = [
        "run_p95_seconds",
        "parts_of_call",
        "relative_l2",
        "max_absolute",
        "max_relative",
        "tolerance",
        "samples",
        "processes",
        "steady_processes",
        "energy_absent",
    ];
    names.extend(rest.map(str::to_owned));
    names
}

/// Every raw sample of a comparison, one a line, with the columns `device`, `process` and `index` (both counted
/// from 0), `round` (empty for what is measured once a process), `metric`, `value` and `unit`.
pub fn samples_csv(comparison: &Comparison) -> String {
    let names = ["device", "process", "round", "metric", "index", "value", "unit"];
    let mut text = line(&names.map(str::to_owned));
    for row in &comparison.rows {
        let Outcome::Measured(measured) = &row.outcome else { continue };
        for measurement in &measured.measurements {
            for (process, series) in measurement.processes.iter().enumerate() {
                for (index, value) in series.samples.values().iter().enumerate() {
                    let begun = series.rounds.iter().rev().find(|round| round.start <= index);
                    text += &line(&[
                        row.device.to_string(),
                        process.to_string(),
                        begun.map_or(String::new(), |round| round.round.to_string()),
                        identifier(measurement.metric),
                        index.to_string(),
                        format!("{value:?}"),
                        unit(measurement.unit).to_owned(),
                    ]);
                }
            }
        }
    }
    text
}

/// The raw samples of one row, one a line: `row`, then process, metric, index (both numbers counted
/// from 0), value and unit.
pub(crate) fn sample_lines(row: &[String], measurements: &[Measurement]) -> String {
    let mut text = String::new();
    for measurement in measurements {
        for (process, series) in measurement.processes.iter().enumerate() {
            for (index, value) in series.samples.values().iter().enumerate() {
                let sample = [
                    process.to_string(),
                    identifier(measurement.metric),
                    index.to_string(),
                    format!("{value:?}"),
                    unit(measurement.unit).to_owned(),
                ];
                text += &line(&[row, &sample].concat());
            }
        }
    }
    text
}

/// The metric's name as the JSON has it.
pub(crate) fn identifier(metric: Metric) -> String {
    metric.name().replace(' ', "_")
}

pub(crate) fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "seconds",
        Unit::Bytes => "bytes",
        Unit::Count => "count",
        Unit::Joules => "joules",
        Unit::Watts => "watts",
    }
}

fn errors(agreement: &tachy_measure::Agreement) -> [Option<f64>; 4] {
    let tachy_measure::Agreement { relative_l2, max_absolute, max_relative, tolerance, .. } =
        *agreement;
    [relative_l2, max_absolute, max_relative, tolerance].map(Some)
}

fn ends(estimate: Option<&Estimate>) -> [String; 3] {
    let interval = estimate.and_then(|estimate| estimate.interval);
    [
        estimate.map(|estimate| estimate.value),
        interval.map(|interval| interval.low),
        interval.map(|interval| interval.high),
    ]
    .map(number)
}

fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| format!("{value:?}"))
}

pub(crate) fn line(fields: &[String]) -> String {
    fields.iter().map(|field| quoted(&tame(field))).collect::<Vec<_>>().join(",") + "\r\n"
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
