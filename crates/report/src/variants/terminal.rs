//! A comparison of variants in a terminal.

use tachy_measure::Unit;

use super::figures::{FamilyReport, VariantReport};
use super::words::{best_for, error_of};
use crate::look::{Look, Tone};
use crate::quantity::{quantity, significant};
use crate::sentences::relative_interval;
use crate::table::{Cell, Column, Table};
use crate::terminal::{absent, block, bullet, quiet};

impl VariantReport<'_> {
    /// The report for a terminal: a table for each model at each resolution, who overtakes whom from which batch size on,
    /// and what qualifies it.
    pub fn terminal(&self, look: Look) -> String {
        let mut blocks = Vec::new();
        for family in &self.families {
            let title = look.paint(Tone::Strong, &format!("{}\n", family.name));
            blocks.push(title + &self.table(family).render(look));
            let best = family.lines.iter().filter(|line| !line.best.is_empty());
            let stars = best.map(|line| bullet(look, "★", Tone::Good, &best_for(line)));
            blocks.push(stars.collect());
            let sentences = self.crossing_sentences(&family.name, false);
            let bullets = sentences.iter().map(|text| bullet(look, "×", Tone::Strong, text));
            blocks.push(bullets.collect());
        }
        blocks.push(block(look, Tone::Caution, "Not timed", &self.untimed()));
        blocks.push(absent(look, &self.comparison.absent));
        blocks.push(self.energy_notes().short().iter().map(|note| quiet(look, note)).collect());
        blocks.push(quiet(look, &self.note()) + &quiet(look, &self.occasion()));
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n")
    }

    fn table(&self, family: &FamilyReport<'_>) -> Table {
        let with_batch = family.lines.iter().any(|line| line.point.batch.is_some());
        let mut columns = vec![Column::left("precision"), Column::left("device")];
        if with_batch {
            columns.insert(0, Column::right("batch"));
        }
        let leading = columns.len();
        columns.extend([
            Column::right("latency"),
            Column::left("95%").joined(),
            Column::right("items/s"),
            Column::right("error"),
            Column::left("best").joined(),
            Column::right("memory").opens_group(),
            Column::right("weights"),
        ]);
        if self.has_energy() {
            columns.extend([Column::right("energy/item"), Column::right("power")]);
        }
        let mut table = Table::new(columns).leading(leading);
        let (mut last_batch, mut last_precision) = (None, None);
        for line in &family.lines {
            let (batch, precision) = (line.point.batch, line.row.precision);
            let new_batch = last_batch.replace(batch) != Some(batch);
            let new_precision = last_precision.replace(precision) != Some(precision) || new_batch;
            let mut cells: Vec<Cell> = Vec::new();
            if with_batch {
                let batch = batch.filter(|_| new_batch).map(|batch| batch.to_string());
                cells.push(batch.unwrap_or_default().into());
            }
            cells.push(if new_precision { precision.name().into() } else { "".into() });
            let device = line.row.device.to_string();
            let show = |value: Option<f64>, unit| -> Cell {
                value.map_or("–".to_owned(), |value| quantity(value, unit)).into()
            };
            let weights = line.row.weight_bytes.map(|bytes| bytes as f64);
            let tone = if line.best.is_empty() { Tone::Plain } else { Tone::Good };
            match &line.figures {
                Err(untimed) => {
                    let tone = if untimed.state == "refused" { Tone::Quiet } else { Tone::Bad };
                    cells.extend([device.into(), Cell::new(untimed.state, tone)]);
                    cells.extend(["", "", "", "", ""].map(Cell::from));
                    cells.push(show(weights, Unit::Bytes));
                }
                Ok(figures) => {
                    cells.extend([
                        Cell::new(device, tone),
                        Cell::new(quantity(figures.latency.value, Unit::Seconds), tone),
                        Cell::new(relative_interval(&figures.latency), Tone::Quiet),
                        significant(figures.rate).into(),
                        error_of(figures).into(),
                        Cell::new(if line.best.is_empty() { "" } else { "★" }, Tone::Good),
                        show(figures.memory, Unit::Bytes),
                        show(weights, Unit::Bytes),
                    ]);
                    if self.has_energy() {
                        cells.push(show(figures.energy, Unit::Joules));
                        cells.push(show(figures.power, Unit::Watts));
                    }
                }
            }
            table.row(cells);
        }
        table
    }
}
