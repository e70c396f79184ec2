//! Histories in a terminal: a chart for each series, and what was found in it.

use tachy_stats::Outcome;

use super::chart::{LINES, chart};
use super::judged::{HistoryReport, Judged};
use crate::look::{Look, Tone, tame};
use crate::quantity::{Scale, plain, quantity};

impl HistoryReport {
    /// A chart for each series, with the steps and drifts that were found.
    pub fn terminal(&self, look: Look) -> String {
        let mut text = String::new();
        let mut machine = None;
        for series in &self.series {
            if !text.is_empty() {
                text.push('\n');
            }
            if machine.replace(&series.key.machine) != Some(&series.key.machine) {
                text += &quiet(look, &format!("On {}", series.key.machine));
            }
            text += &series.terminal(look);
        }
        text
    }
}

impl Judged {
    fn terminal(&self, look: Look) -> String {
        let mut title = format!("{} · {}", self.key.benchmark, self.key.metric.name());
        for (name, value) in &self.key.parameters {
            title += &format!("  {name}={value}");
        }
        let mut text =
            look.wrap("", &look.paint(Tone::Strong, &tame(&title).replace('\n', " "))) + "\n";
        let values = self.judged.values();
        if values.len() > 1 {
            text += &self.chart(look);
        }
        text += &quiet(look, &self.occasion());
        for change in &self.analysis.changes {
            let (sign, tone) = mark(change.outcome());
            text += &bullet(look, sign, tone, &self.change(change));
        }
        if let Some(drift) = &self.analysis.drift {
            let (sign, tone) = mark(drift.outcome());
            text += &bullet(look, sign, tone, &self.drift(drift));
        }
        text
    }

    /// The dots, with the greatest value beside the first line and the least beside the last.
    fn chart(&self, look: Look) -> String {
        let values = self.judged.values();
        let ends =
            [f64::max, f64::min].map(|end| values.iter().copied().reduce(end).unwrap_or(0.0));
        let scale = Scale::shared(&ends, self.key.metric.unit());
        let labels = ends.map(|value| match scale {
            Some(scale) => plain(&scale.show(value)),
            None => plain(&quantity(value, self.key.metric.unit())),
        });
        let wide = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
        let columns = look.width.saturating_sub(wide + 3).clamp(10, 100);
        let mut text = String::new();
        for (place, line) in chart(values, columns).iter().enumerate() {
            let label = match place {
                0 => &*labels[0],
                place if place == LINES - 1 => &*labels[1],
                _ => "",
            };
            let axis = look.paint(Tone::Quiet, &format!("{label:>wide$} │"));
            text += format!("{axis}{line}").trim_end();
            text.push('\n');
        }
        text
    }
}

/// Less is better of everything that is measured.
fn mark(outcome: Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::Faster => ("▼", Tone::Good),
        _ => ("▲", Tone::Bad),
    }
}

fn quiet(look: Look, text: &str) -> String {
    let lines = look.wrap("", text);
    lines.lines().map(|line| look.paint(Tone::Quiet, line) + "\n").collect()
}

fn bullet(look: Look, sign: &str, tone: Tone, text: &str) -> String {
    look.wrap(&format!("{} ", look.paint(tone, sign)), &look.sentence(Tone::Plain, text)) + "\n"
}
