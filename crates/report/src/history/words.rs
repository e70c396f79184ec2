//! What is told of a history, in sentences.

use tachy_measure::Unit;
use tachy_stats::{Change, Drift, Outcome, Severity};
use tachy_store::RunHeader;

use super::judged::Judged;
use crate::quantity::{Scale, count, moment, percent, quantity};

impl Judged {
    /// How many runs, when, and what the last one said.
    pub(crate) fn occasion(&self) -> String {
        let values = self.measured.values();
        let (Some(first), Some(last), Some(value)) =
            (self.runs.first(), self.runs.last(), values.last())
        else {
            return String::new();
        };
        let value = quantity(*value, self.key.metric.unit());
        let mut text = match values.len() {
            1 => format!("One run, {}: {value}.", day(first)),
            runs => {
                let runs = count(runs as u64);
                format!("{runs} runs, {} to {}; the last: {value}.", day(first), day(last))
            }
        };
        if self.is_freed() {
            text += " The machine's own speed is taken out of the chart and of what is told of it.";
        }
        text
    }

    pub(crate) fn change(&self, change: &Change) -> String {
        let run = &self.runs[change.index];
        let mut text = self.level(change.before, change.after, change.outcome(), change.severity());
        text += &format!(", from run {} of {}", run.id, moment(run.started / 1000));
        if let Some(commit) = &run.environment.commit {
            let short: String = commit.chars().take(12).collect();
            text += &format!(", commit {short}");
            if run.environment.dirty == Some(true) {
                text += " with changes";
            }
        }
        text + "."
    }

    pub(crate) fn drift(&self, drift: &Drift) -> String {
        let severity = Severity::of_ratio(drift.ratio());
        let level = self.level(drift.start, drift.end, drift.outcome(), severity);
        format!("Slowly over all runs: {level}.")
    }

    /// `+12% (58.2 → 65.1 ms), slower, minor`.
    fn level(
        &self,
        before: f64,
        after: f64,
        outcome: Outcome,
        severity: Option<Severity>,
    ) -> String {
        let unit = self.key.metric.unit();
        let ratio = after / before;
        let share = if ratio >= 1.0 { percent(ratio - 1.0) } else { percent(1.0 - ratio) };
        let sign = if ratio >= 1.0 { '+' } else { '−' };
        let levels = match Scale::shared(&[before, after], unit) {
            Some(scale) => format!("{} → {}", scale.number(before), scale.show(after)),
            None => format!("{} → {}", quantity(before, unit), quantity(after, unit)),
        };
        let mut text = format!("{sign}{share} ({levels})");
        if unit == Unit::Seconds {
            text += &format!(", {outcome}");
        }
        if let Some(severity) = severity {
            text += &format!(", {severity}");
        }
        text
    }
}

fn day(run: &RunHeader) -> String {
    moment(run.started / 1000).split(' ').next().unwrap_or_default().to_owned()
}
