//! A comparison on operators as comma-separated values.

use super::figures::OperatorReport;
use crate::csv::{line, sample_lines};

const HEADER: [&str; 25] = [
    "operator",
    "size",
    "dtype",
    "layout",
    "device",
    "threads",
    "processor",
    "state",
    "message",
    "run_seconds",
    "run_seconds_low",
    "run_seconds_high",
    "call_seconds",
    "upload_seconds",
    "fetch_seconds",
    "flops",
    "bytes",
    "flops_per_second",
    "bytes_per_second",
    "share_of_peak",
    "relative_l2",
    "processes",
    "energy_joules",
    "power_watts",
    "energy_absent",
];

impl OperatorReport<'_> {
    /// One line for each case on each device. The columns, of which those that do not apply are empty:
    /// * `operator`, `size`, `dtype`, `layout`: the case; `device`, `threads`, `processor`: where
    /// * `state`: `timed`, `wrong`, `unsupported` or `failed`; `message`: why it was not timed
    /// * `run_seconds` with its 95% interval; `call_seconds` with transfers; `upload_seconds` and `fetch_seconds`
    /// * `flops` and `bytes`: the operator's work; each in a second; `share_of_peak`: see the peaks of devices
    /// * `relative_l2`: the error of the outputs; `processes`: over which the interval is
    /// * `energy_joules` of a call, `power_watts` meanwhile, or `energy_absent`: why they are not known
    pub fn csv(&self) -> String {
        let mut text = line(&HEADER.map(str::to_owned));
        for family in &self.families {
            for row in &family.lines {
                let mut record = vec![
                    family.family.operator.to_string(),
                    row.size.to_string(),
                    family.family.dtype.to_string(),
                    family.family.layout.to_string(),
                    row.device.to_string(),
                    self.comparison.settings.threads.to_string(),
                    self.comparison.environment.processor.clone(),
                ];
                match &row.figures {
                    Err(untimed) => {
                        record.extend([untimed.state.to_owned(), untimed.message.clone()])
                    }
                    Ok(rates) => {
                        record.extend(["timed".to_owned(), String::new()]);
                        let interval = rates.run.interval;
                        let number = |value: Option<f64>| {
                            value.map_or(String::new(), |value| format!("{value:?}"))
                        };
                        record.extend(
                            [
                                Some(rates.run.value),
                                interval.map(|interval| interval.low),
                                interval.map(|interval| interval.high),
                                rates.call,
                                rates.upload,
                                rates.fetch,
                                Some(rates.work[0]),
                                Some(rates.work[1]),
                                Some(rates.flops),
                                Some(rates.bytes),
                                rates.share,
                                Some(rates.error),
                            ]
                            .map(number),
                        );
                        record.push(rates.run.replication.count.to_string());
                        record.extend([rates.energy, rates.power].map(number));
                        record.push(rates.no_energy.clone().unwrap_or_default());
                    }
                }
                record.resize(HEADER.len(), String::new());
                text += &line(&record);
            }
        }
        text
    }

    /// Every raw sample, one a line, with the columns `case`, `device`, `process`, `metric`, `index`, `value` and `unit`.
    pub fn samples_csv(&self) -> String {
        let names = ["case", "device", "process", "metric", "index", "value", "unit"];
        let mut text = line(&names.map(str::to_owned));
        for point in &self.comparison.points {
            for row in &point.rows {
                let measurements = row.outcome.measured().map_or(&[][..], |m| &m.measurements);
                text += &sample_lines(&[point.case.clone(), row.device.to_string()], measurements);
            }
        }
        text
    }
}
