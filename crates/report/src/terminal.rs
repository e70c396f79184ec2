//! A comparison in a terminal.

use tachy_measure::{Metric, Unit};
use tachy_runtime::DeviceInfo;

use crate::lists::absences_told;
use crate::look::{Look, Tone, widest};
use crate::quantity::{Scale, error, quantity};
use crate::report::{Report, Timed};
use crate::sentences::{bracket, relative_interval, times, wrongness};
use crate::table::{Cell, Column, Table};

/// Lines of an engine's message that are shown; the JSON has the rest.
const MESSAGE_LINES: usize = 6;

impl Report<'_> {
    /// The report for a terminal: the result in a sentence, the table, what qualifies it, and where it was measured.
    pub fn terminal(&self, look: Look) -> String {
        let tone = if self.timed.is_empty() { Tone::Bad } else { Tone::Strong };
        let mut blocks = vec![format!("{}\n", look.wrap("", &look.sentence(tone, &self.result())))];
        blocks.push(quiet(look, &self.model_line()));
        if !self.timed.is_empty() {
            blocks.push(self.table().render(look));
            let notes = self.ties();
            blocks.push(notes.iter().map(|tie| bullet(look, "≈", Tone::Strong, tie)).collect());
        }
        blocks.push(self.wrong_block(look));
        blocks.push(self.failed_block(look));
        blocks.push(
            self.warnings().iter().map(|text| bullet(look, "!", Tone::Caution, text)).collect(),
        );
        blocks.push(absent(look, &self.comparison.absent));
        if !self.timed.is_empty() {
            let notes = self.energy_notes().short();
            blocks.push(notes.iter().map(|note| quiet(look, note)).collect());
            blocks.push(quiet(look, &self.interval_note()));
        }
        blocks.push(quiet(look, &self.environment_line()) + &quiet(look, &self.occasion_line()));
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n")
    }

    fn table(&self) -> Table {
        let mut columns = vec![
            Column::left("#"),
            Column::left("device"),
            Column::right("run"),
            Column::left("95%").joined(),
            Column::right("ratio"),
            Column::left("interval").joined(),
            Column::right("error"),
            Column::right("samples"),
            Column::right("p95"),
            Column::right("call").opens_group(),
            Column::right("upload"),
            Column::right("fetch"),
            Column::right("compile"),
            Column::right("first call"),
            Column::right("memory"),
        ];
        if self.has_energy() {
            columns.extend([Column::right("energy"), Column::right("power")]);
        }
        columns.push(Column::left("engine").opens_group());
        let mut table = Table::new(columns).leading(2);
        let scale = |metric: Metric| {
            let values: Vec<f64> =
                self.timed.iter().filter_map(|timed| Some(timed.figure(metric)?.value())).collect();
            Scale::shared(&values, metric.unit())
        };
        let runs = scale(Metric::Run);
        for timed in &self.timed {
            let first = timed.place.rank == 1;
            let strong = if first { Tone::Good } else { Tone::Plain };
            let cell = |metric: Metric| {
                let value = timed.figure(metric).map(|figure| figure.value());
                Cell::from(show(value, scale(metric), metric.unit()))
            };
            let run = timed.place.typical;
            let p95 = timed.figure(Metric::Run).and_then(|figure| figure.summary.p95);
            let (ratio, interval) = ratio(timed);
            let mut cells = vec![
                Cell::new(timed.rank(), strong),
                Cell::new(timed.name(), strong),
                Cell::new(show(Some(run.value), runs, Unit::Seconds), strong),
                Cell::new(relative_interval(&run), Tone::Quiet),
                Cell::from(ratio),
                Cell::new(interval, Tone::Quiet),
                Cell::from(self.error_of(timed)),
                Cell::from(timed.replication()),
                Cell::from(show(p95, runs, Unit::Seconds)),
                cell(Metric::Call),
                cell(Metric::Upload),
                cell(Metric::Fetch),
                cell(Metric::Compile),
                cell(Metric::FirstCall),
                cell(Metric::PeakMemory),
            ];
            if self.has_energy() {
                cells.extend([cell(Metric::Energy), cell(Metric::Power)]);
            }
            cells.push(Cell::new(&timed.row.description, Tone::Quiet));
            table.row(cells);
        }
        table
    }

    /// The error of a device's outputs, or that it is the reference.
    pub(crate) fn error_of(&self, timed: &Timed) -> String {
        // An engine that is the reference as it is, not only when it computes every node by itself, agrees to the bit.
        let agreement = &timed.measured.agreement;
        if timed.row.device == self.comparison.reference && agreement.relative_l2 == 0.0 {
            "reference".to_owned()
        } else {
            error(timed.measured.agreement.relative_l2)
        }
    }

    fn wrong_block(&self, look: Look) -> String {
        let entries: Vec<(String, String)> = self
            .wrong
            .iter()
            .map(|(row, agreement)| (row.device.to_string(), wrongness(agreement)))
            .collect();
        block(look, Tone::Bad, "Wrong: neither timed nor ranked", &entries)
    }

    fn failed_block(&self, look: Look) -> String {
        let entries: Vec<(String, String)> = self
            .failed
            .iter()
            .map(|failed| {
                let message = format!("while {}: {}", failed.stage.name(), failed.message.trim());
                (failed.row.device.to_string(), shorten(&message))
            })
            .collect();
        block(look, Tone::Bad, "Failed", &entries)
    }
}

/// The ratio to the first line and its interval.
pub(crate) fn ratio(timed: &Timed) -> (String, String) {
    match &timed.place.to_first {
        None => ("1.00×".to_owned(), String::new()),
        Some(verdict) => (times(&verdict.ratio), bracket(&verdict.ratio)),
    }
}

pub(crate) fn show(value: Option<f64>, scale: Option<Scale>, unit: Unit) -> String {
    match (value, scale) {
        (None, _) => "–".to_owned(),
        (Some(value), Some(scale)) => scale.show(value),
        (Some(value), None) => quantity(value, unit),
    }
}

pub(crate) fn quiet(look: Look, text: &str) -> String {
    let lines = look.wrap("", text);
    lines.lines().map(|line| look.paint(Tone::Quiet, line) + "\n").collect()
}

pub(crate) fn bullet(look: Look, sign: &str, tone: Tone, text: &str) -> String {
    let first = format!("{} ", look.paint(tone, sign));
    look.wrap(&first, &look.sentence(Tone::Plain, text)) + "\n"
}

pub(crate) fn block(look: Look, tone: Tone, title: &str, entries: &[(String, String)]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    format!("{}\n{}", look.paint(tone, title), look.entries(entries, widest(entries), Tone::Strong))
}

/// The devices that are absent, with the reason and the remedy.
pub(crate) fn absent(look: Look, devices: &[DeviceInfo]) -> String {
    block(look, Tone::Quiet, "Absent", &absences_told(devices))
}

/// The first lines of a message, and how many more there are.
pub(crate) fn shorten(message: &str) -> String {
    let lines: Vec<&str> =
        message.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    match lines.len().saturating_sub(MESSAGE_LINES) {
        0 => lines.join("\n"),
        more => format!(
            "{}\n… and {more} more lines, which the JSON has",
            lines[..MESSAGE_LINES].join("\n")
        ),
    }
}
