//! A comparison on operators in a terminal.

use tachy_measure::Unit;

use super::crossings::{crossing, sentence};
use super::figures::{FamilyReport, OperatorReport};
use crate::look::{Look, Tone};
use crate::quantity::{error, percent, quantity, significant};
use crate::sentences::{line_of, relative_interval};
use crate::table::{Cell, Column, Table};
use crate::terminal::{absent, block, bullet, quiet, shorten};

impl OperatorReport<'_> {
    /// The report for a terminal: a table for each operator, who overtakes whom, and what qualifies it.
    pub fn terminal(&self, look: Look) -> String {
        let mut blocks = Vec::new();
        for family in &self.families {
            let title = format!("{}: {}\n", family.family, family.family.operator.description());
            blocks.push(look.paint(Tone::Strong, &title) + &self.table(family).render(look));
            let name = family.family.to_string();
            let lines = self.crossings.iter().filter(|crossings| crossings.family == name);
            blocks.push(
                lines
                    .flat_map(|crossings| {
                        crossing(crossings).map(|pair| {
                            let transfers = crossings.transfers.name();
                            bullet(
                                look,
                                "×",
                                Tone::Strong,
                                &format!("{transfers}: {}", sentence(pair)),
                            )
                        })
                    })
                    .collect(),
            );
        }
        blocks.push(block(look, Tone::Caution, "Not timed", &self.untimed()));
        blocks.push(absent(look, &self.comparison.absent));
        blocks.push(self.energy_notes().short().iter().map(|note| quiet(look, note)).collect());
        blocks.push(quiet(look, &self.note()) + &quiet(look, &self.occasion()));
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n")
    }

    fn table(&self, family: &FamilyReport) -> Table {
        let mut columns = vec![
            Column::right("size"),
            Column::left("device"),
            Column::right("run"),
            Column::left("95%").joined(),
            Column::right("GFLOP/s"),
            Column::right("GB/s"),
            Column::right("of peak"),
            Column::right("with transfers"),
            Column::right("upload"),
            Column::right("fetch"),
            Column::right("error"),
        ];
        if self.has_energy() {
            columns.extend([Column::right("energy"), Column::right("power")]);
        }
        let mut table = Table::new(columns).leading(2);
        let mut last = None;
        let time = |value: Option<f64>| value.map_or(String::new(), |v| quantity(v, Unit::Seconds));
        for line in &family.lines {
            let size = if last.replace(line.size) == Some(line.size) {
                String::new()
            } else {
                line.size.to_string()
            };
            let device = line.device.to_string();
            let rates = match &line.figures {
                Ok(rates) => rates,
                Err(untimed) => {
                    let tone = if untimed.state == "unsupported" { Tone::Quiet } else { Tone::Bad };
                    table.row(vec![size.into(), device.into(), Cell::new(untimed.state, tone)]);
                    continue;
                }
            };
            let tone = if rates.fastest { Tone::Good } else { Tone::Plain };
            table.row(vec![
                size.into(),
                Cell::new(device, tone),
                Cell::new(time(Some(rates.run.value)), tone),
                Cell::new(relative_interval(&rates.run), Tone::Quiet),
                significant(rates.flops / 1e9).into(),
                significant(rates.bytes / 1e9).into(),
                rates.share.map_or(String::new(), percent).into(),
                time(rates.call).into(),
                time(rates.upload).into(),
                time(rates.fetch).into(),
                if rates.is_reference { "reference".into() } else { error(rates.error).into() },
                rates.energy.map_or(String::new(), |v| quantity(v, Unit::Joules)).into(),
                rates.power.map_or(String::new(), |v| quantity(v, Unit::Watts)).into(),
            ]);
        }
        table
    }

    /// Who was not timed in which cases, and why: one entry for each reason.
    pub(super) fn untimed(&self) -> Vec<(String, String)> {
        let mut reasons: Vec<(String, String, Vec<&str>)> = Vec::new();
        for line in self.families.iter().flat_map(|family| &family.lines) {
            let Err(untimed) = &line.figures else { continue };
            let device = line.device.to_string();
            let message = format!("{}: {}", untimed.state, shorten(&untimed.message));
            match reasons.iter_mut().find(|(d, m, _)| *d == device && *m == message) {
                Some((_, _, cases)) => cases.push(line.case),
                None => reasons.push((device, message, vec![line.case])),
            }
        }
        reasons
            .into_iter()
            .map(|(device, message, cases)| {
                let cases = match cases[..] {
                    [case] => case.to_owned(),
                    [first, .., last] => format!("{first} … {last} ({} cases)", cases.len()),
                    [] => String::new(),
                };
                (device, format!("{cases}: {message}"))
            })
            .collect()
    }

    pub(super) fn note(&self) -> String {
        let peak = match self.peaks {
            Some(_) => {
                " `of peak` is the least time by what the device reached in large products and sums (`tachy devices --peaks`) \
                 as a share of the run; what fits into a cache may be beyond it."
            }
            None => "",
        };
        format!(
            "Times are the geometric means of {} processes' medians, with 95% intervals over processes. `with transfers` \
             is upload, run and fetch, timed as one.{peak}",
            self.comparison.settings.processes
        )
    }

    pub(super) fn occasion(&self) -> String {
        let settings = &self.comparison.settings;
        let work = format!("threads: {}, seed: {}", settings.threads, settings.seed);
        line_of(&self.comparison.environment, Some(work))
    }
}
