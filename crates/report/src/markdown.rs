//! A comparison as GitHub's Markdown.

use tachy_measure::Metric;

use crate::lists::{Absence, absences};
use crate::look::tame;
use crate::quantity::{plain, quantity};
use crate::report::{Report, Timed};
use crate::sentences::{relative_interval, wrongness};
use crate::terminal::ratio;

/// The table's columns: a title, and whether it holds numbers.
const TITLES: [(&str, bool); 16] = [
    ("#", false),
    ("device", false),
    ("run (95% interval)", true),
    ("ratio", true),
    ("p95", true),
    ("call", true),
    ("upload", true),
    ("fetch", true),
    ("compile", true),
    ("first call", true),
    ("peak memory", true),
    ("error", true),
    ("samples", true),
    ("engine", false),
    (ENERGY, true),
    ("power", true),
];

/// The title of the first of the two columns that are left out where no energy is known.
const ENERGY: &str = "energy of a call";

impl Report<'_> {
    /// The result, the table and its notes, for an issue or a file of notes.
    pub fn markdown(&self) -> String {
        let mut blocks =
            vec![format!("**{}**", inline(&self.result())), inline(&self.model_line())];
        if !self.timed.is_empty() {
            blocks.push(self.markdown_table());
        }
        let energy = self.energy_notes().whole();
        let notes = self.ties().into_iter().chain(self.warnings()).chain(energy);
        let mut items: Vec<String> = notes.map(|note| inline(&note)).collect();
        items.extend(self.wrong.iter().map(|(row, agreement)| {
            inline(&format!(
                "`{}` is wrong, and so neither timed nor ranked: {}",
                row.device,
                wrongness(agreement)
            ))
        }));
        items.extend(self.failed.iter().map(|failed| {
            let start = format!("`{}` failed while {}:", failed.row.device, failed.stage.name());
            format!("{}\n{}", inline(&start), fenced(failed.message))
        }));
        items.extend(absences(&self.comparison.absent).into_iter().map(|absence| {
            let Absence { name, reason, remedy } = absence;
            inline(&format!("`{name}` is absent: {reason} {remedy}"))
        }));
        if !items.is_empty() {
            blocks
                .push(items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n"));
        }
        if !self.timed.is_empty() {
            blocks.push(inline(&self.interval_note()));
        }
        blocks.push(inline(&self.environment_line()));
        blocks.push(inline(&self.occasion_line()));
        plain(&blocks.join("\n\n")) + "\n"
    }

    fn markdown_table(&self) -> String {
        let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
        let rule = |(_, number): &(&str, bool)| if *number { "---:" } else { ":---" }.to_owned();
        let shown = TITLES.iter().take_while(|(title, _)| *title != ENERGY || self.has_energy());
        let mut lines = vec![
            row(shown.clone().map(|(title, _)| (*title).to_owned()).collect()),
            row(shown.map(rule).collect()),
        ];
        lines.extend(self.timed.iter().map(|timed| row(self.markdown_cells(timed))));
        lines.join("\n")
    }

    fn markdown_cells(&self, timed: &Timed) -> Vec<String> {
        let figure = |metric: Metric| {
            timed
                .figure(metric)
                .map_or("–".to_owned(), |figure| quantity(figure.value(), figure.unit))
        };
        let run = timed.figure(Metric::Run);
        let p95 = run.and_then(|run| Some(quantity(run.summary.p95?, run.unit)));
        let (ratio, interval) = ratio(timed);
        let energy = self.has_energy().then(|| [figure(Metric::Energy), figure(Metric::Power)]);
        let cells = [
            timed.rank(),
            format!("`{}`", timed.name()),
            format!("{} {}", figure(Metric::Run), relative_interval(&timed.place.typical)),
            format!("{ratio} {interval}").trim_end().to_owned(),
            p95.unwrap_or_else(|| "–".to_owned()),
            figure(Metric::Call),
            figure(Metric::Upload),
            figure(Metric::Fetch),
            figure(Metric::Compile),
            figure(Metric::FirstCall),
            figure(Metric::PeakMemory),
            self.error_of(timed),
            timed.replication(),
            inline(&timed.row.description),
        ];
        cells.into_iter().chain(energy.into_iter().flatten()).collect()
    }
}

/// A sentence on one line: names between backticks stay as they are, signs of Markdown elsewhere are escaped.
pub(crate) fn inline(text: &str) -> String {
    let text = tame(text).replace('\n', " ");
    let mut parts: Vec<String> = text.split('`').map(str::to_owned).collect();
    if parts.len().is_multiple_of(2) {
        // A lone backtick opens no code.
        parts = vec![text.replace('`', "'")];
    }
    for part in parts.iter_mut().step_by(2) {
        *part = part
            .chars()
            .flat_map(|c| {
                let special =
                    matches!(c, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&');
                special.then_some('\\').into_iter().chain([c])
            })
            .collect();
    }
    parts.join("`").replace("\\|", "|").replace('|', "\\|")
}

/// A message as it came, behind a fence longer than any in it, indented as part of a list's item.
pub(crate) fn fenced(message: &str) -> String {
    let message = tame(message);
    let longest = message.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let lines =
        [fence.as_str()].into_iter().chain(message.trim_end().lines()).chain([fence.as_str()]);
    lines.map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
