//! A comparison of variants in Markdown.

use std::fmt::Write as _;

use tachy_measure::Unit;

use super::figures::VariantReport;
use super::words::error_of;
use crate::markdown::inline;
use crate::quantity::{plain, quantity, significant};
use crate::sentences::relative_interval;

impl VariantReport<'_> {
    /// One table of all rows, who overtakes whom, and what qualifies it.
    pub fn markdown(&self) -> String {
        let (energy, rule) = match self.has_energy() {
            true => (" energy/item | power |", "---:|---:|"),
            false => ("", ""),
        };
        let mut text = format!(
            "| model | resolution | batch | precision | device | latency (95% interval) | items/s | error | best for | memory \
             | weights |{energy}\n|---|---:|---:|---|---|---:|---:|---:|---|---:|---:|{rule}\n"
        );
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        for line in self.lines() {
            let show = |value: Option<f64>, unit| or_dash(value.map(|value| quantity(value, unit)));
            let size = |size: Option<usize>| or_dash(size.map(|size| size.to_string()));
            let weights = show(line.row.weight_bytes.map(|bytes| bytes as f64), Unit::Bytes);
            let mut cells = vec![
                inline(&line.point.model),
                size(line.point.resolution),
                size(line.point.batch),
                line.row.precision.to_string(),
                format!("`{}`", line.row.device),
            ];
            match &line.figures {
                Err(untimed) => {
                    cells.push(untimed.state.to_owned());
                    cells.extend(["", "", "", ""].map(str::to_owned));
                    cells.push(weights);
                    if self.has_energy() {
                        cells.extend(["", ""].map(str::to_owned));
                    }
                }
                Ok(figures) => {
                    let latency = quantity(figures.latency.value, Unit::Seconds);
                    cells.extend([
                        format!("{latency} {}", relative_interval(&figures.latency)),
                        significant(figures.rate),
                        error_of(figures),
                        line.best.join(", "),
                        show(figures.memory, Unit::Bytes),
                        weights,
                    ]);
                    if self.has_energy() {
                        cells.push(show(figures.energy, Unit::Joules));
                        cells.push(show(figures.power, Unit::Watts));
                    }
                }
            }
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text.push('\n');
        for family in &self.families {
            for sentence in self.crossing_sentences(&family.name, true) {
                let _ = writeln!(text, "- {}: {}", inline(&family.name), inline(&sentence));
            }
        }
        for (device, reason) in self.untimed() {
            let _ = writeln!(text, "- `{device}`, {}", inline(&reason));
        }
        for note in self.energy_notes().whole() {
            let _ = writeln!(text, "- {}", inline(&note));
        }
        let _ = write!(text, "\n{}\n\n{}\n", inline(&self.note()), inline(&self.occasion()));
        plain(&text)
    }
}
