//! A comparison of variants as comma-separated values.

use super::figures::VariantReport;
use crate::csv::{line, sample_lines};

const HEADER: [&str; 25] = [
    "model",
    "resolution",
    "batch",
    "precision",
    "device",
    "threads",
    "processor",
    "state",
    "message",
    "latency_seconds",
    "latency_seconds_low",
    "latency_seconds_high",
    "run_seconds",
    "items_per_second",
    "relative_l2",
    "tolerance",
    "peak_memory_bytes",
    "weight_bytes",
    "item_joules",
    "power_watts",
    "energy_absent",
    "processes",
    "best_for",
    "reference",
    "parameters",
];

impl VariantReport<'_> {
    /// One line for each row. The columns, of which those that do not apply are empty:
    /// * `model`, `resolution`, `batch`, `precision`: what; `device`, `threads`, `processor`: where
    /// * `state`: `timed`, `wrong`, `refused` or `failed`; `message`: why it was not timed
    /// * `latency_seconds` of a call with its 95% interval; `run_seconds` without transfers; `items_per_second`
    /// * `relative_l2`: the error against the outputs in f32 of the device `reference`; `tolerance`: what is accepted
    /// * `peak_memory_bytes` of a process; `weight_bytes` in that precision; `parameters`: elements of all weights
    /// * `item_joules`, `power_watts`, or `energy_absent`: why they are not known
    /// * `processes`: over which the interval is; `best_for`: the uses that the row is the best for, separated by `;`
    pub fn csv(&self) -> String {
        let mut text = line(&HEADER.map(str::to_owned));
        let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:?}"));
        let count = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
        let size = |value: Option<usize>| count(value.map(|value| value as u64));
        for entry in self.lines() {
            let (point, row) = (entry.point, entry.row);
            let mut record = vec![
                point.model.clone(),
                size(point.resolution),
                size(point.batch),
                row.precision.to_string(),
                row.device.to_string(),
                self.comparison.settings.threads.to_string(),
                self.comparison.environment.processor.clone(),
            ];
            let (state, message) = match &entry.figures {
                Ok(_) => ("timed", String::new()),
                Err(untimed) => (untimed.state, untimed.message.clone()),
            };
            record.extend([state.to_owned(), message]);
            let figures = entry.figures.as_ref().ok();
            let latency = figures.map(|figures| figures.latency);
            let interval = latency.and_then(|latency| latency.interval);
            let measured = row.outcome.measured();
            record.extend(
                [
                    latency.map(|latency| latency.value),
                    interval.map(|interval| interval.low),
                    interval.map(|interval| interval.high),
                    figures.and_then(|figures| figures.run),
                    figures.map(|figures| figures.rate),
                    figures.map(|figures| figures.error),
                    measured.map(|measured| measured.agreement.tolerance),
                    figures.and_then(|figures| figures.memory),
                ]
                .map(number),
            );
            record.push(count(row.weight_bytes));
            record.push(number(figures.and_then(|figures| figures.energy)));
            record.push(number(figures.and_then(|figures| figures.power)));
            record.push(figures.and_then(|figures| figures.no_energy.clone()).unwrap_or_default());
            record.push(size(latency.map(|latency| latency.replication.count)));
            record.push(entry.best.join("; "));
            record.push(point.reference.as_ref().map_or(String::new(), ToString::to_string));
            record.push(count(point.parameters));
            text += &line(&record);
        }
        text
    }

    /// Every raw sample, one a line, with the columns `model`, `resolution`, `batch`, `precision`, `device`, `process`,
    /// `metric`, `index`, `value` and `unit`.
    pub fn samples_csv(&self) -> String {
        let names = [
            "model",
            "resolution",
            "batch",
            "precision",
            "device",
            "process",
            "metric",
            "index",
            "value",
            "unit",
        ];
        let mut text = line(&names.map(str::to_owned));
        let size = |size: Option<usize>| size.map_or(String::new(), |size| size.to_string());
        for entry in self.lines() {
            let measurements = entry.row.outcome.measured().map_or(&[][..], |m| &m.measurements);
            let row = [
                entry.point.model.clone(),
                size(entry.point.resolution),
                size(entry.point.batch),
                entry.row.precision.to_string(),
                entry.row.device.to_string(),
            ];
            text += &sample_lines(&row, measurements);
        }
        text
    }
}
