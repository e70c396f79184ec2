//! A comparison on operators in Markdown.

use std::fmt::Write as _;

use tachy_measure::Unit;

use super::crossings::sentence;
use super::figures::OperatorReport;
use crate::markdown::inline;
use crate::quantity::{error, percent, plain, quantity, significant};
use crate::sentences::relative_interval;

impl OperatorReport<'_> {
    /// A table for each operator, and who overtakes whom.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for family in &self.families {
            let _ = write!(
                text,
                "### {}\n\n{}\n\n\
                 | size | device | run | GFLOP/s | GB/s | of peak | with transfers | upload | fetch | error |{}\n\
                 |---:|---|---:|---:|---:|---:|---:|---:|---:|---:|{}\n",
                family.family,
                inline(family.family.operator.description()),
                if self.has_energy() { " energy of a call | power |" } else { "" },
                if self.has_energy() { "---:|---:|" } else { "" },
            );
            for line in &family.lines {
                let time = |value: Option<f64>| {
                    value.map_or("–".to_owned(), |v| quantity(v, Unit::Seconds))
                };
                let cells = match &line.figures {
                    Err(untimed) => format!("{} | | | | | | |", untimed.state),
                    Ok(rates) => [
                        format!(
                            "{} {}",
                            time(Some(rates.run.value)),
                            relative_interval(&rates.run)
                        ),
                        significant(rates.flops / 1e9),
                        significant(rates.bytes / 1e9),
                        rates.share.map_or("–".to_owned(), percent),
                        time(rates.call),
                        time(rates.upload),
                        time(rates.fetch),
                        if rates.is_reference {
                            "reference".to_owned()
                        } else {
                            error(rates.error)
                        },
                    ]
                    .join(" | "),
                };
                let energy = match (self.has_energy(), &line.figures) {
                    (false, _) => String::new(),
                    (true, figures) => {
                        let rates = figures.as_ref().ok();
                        let show = |value: Option<f64>, unit| {
                            value.map_or("–".to_owned(), |v| quantity(v, unit))
                        };
                        format!(
                            " {} | {} |",
                            show(rates.and_then(|rates| rates.energy), Unit::Joules),
                            show(rates.and_then(|rates| rates.power), Unit::Watts)
                        )
                    }
                };
                let _ = writeln!(text, "| {} | `{}` | {cells} |{energy}", line.size, line.device);
            }
            text.push('\n');
            let name = family.family.to_string();
            for crossings in self.crossings.iter().filter(|crossings| crossings.family == name) {
                for pair in &crossings.pairs {
                    let _ = writeln!(
                        text,
                        "- {}: {}",
                        crossings.transfers.name(),
                        inline(&sentence(pair))
                    );
                }
            }
            text.push('\n');
        }
        for (device, reason) in self.untimed() {
            let _ = writeln!(text, "- `{device}`, {}", inline(&reason));
        }
        for note in self.energy_notes().whole() {
            let _ = writeln!(text, "- {}", inline(&note));
        }
        let _ = write!(text, "\n{}\n\n{}\n", self.note(), inline(&self.occasion()));
        plain(&text)
    }
}
