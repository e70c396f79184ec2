//! What is said beside the table.

use tachy_measure::variants::Precision;

use super::figures::{Figures, Line, VariantReport};
use crate::operators::crossings::{crossing, sentence};
use crate::quantity::error;
use crate::sentences::line_of;
use crate::terminal::shorten;

/// The error of a row, or that it is the reference.
pub(super) fn error_of(figures: &Figures) -> String {
    if figures.is_reference { "reference".to_owned() } else { error(figures.error) }
}

/// `` `cpu` in f16, batch 1: latency, memory ``
pub(super) fn best_for(line: &Line<'_>) -> String {
    let batch = line.point.batch.map_or(String::new(), |batch| format!(", batch {batch}"));
    format!("`{}` in {}{batch}: {}", line.row.device, line.row.precision, line.best.join(", "))
}

impl VariantReport<'_> {
    /// `2 models on 3 devices: f32 and f16`.
    pub(super) fn headline(&self) -> String {
        let mut models: Vec<&str> =
            self.comparison.points.iter().map(|point| point.model.as_str()).collect();
        models.dedup();
        let plural = |count: usize, word: &str| {
            format!("{count} {word}{}", if count == 1 { "" } else { "s" })
        };
        let what = match models[..] {
            [only] => only.to_owned(),
            _ => plural(models.len(), "model"),
        };
        format!(
            "{what} on {}: {}",
            plural(self.comparison.devices.len(), "device"),
            plural(self.lines().count(), "row")
        )
    }

    /// Who overtakes whom from which batch size on, as sentences; `all` pairs, or those alone that cross.
    pub(super) fn crossing_sentences(&self, family: &str, all: bool) -> Vec<String> {
        let mut sentences = Vec::new();
        for precision in Precision::ALL {
            let name = format!("{family} {precision}");
            for crossings in self.crossings.iter().filter(|crossings| crossings.family == name) {
                let transfers = crossings.transfers.name();
                let tell = |pair| format!("Batch, {precision}, {transfers}: {}", sentence(pair));
                match all {
                    true => sentences.extend(crossings.pairs.iter().map(tell)),
                    false => sentences.extend(crossing(crossings).map(tell)),
                }
            }
        }
        sentences
    }

    /// Who was not timed in which rows, and why: one entry for each reason.
    pub(super) fn untimed(&self) -> Vec<(String, String)> {
        let mut reasons: Vec<(String, String, Vec<String>)> = Vec::new();
        for line in self.lines() {
            let Err(untimed) = &line.figures else { continue };
            let device = line.row.device.to_string();
            let message = shorten(&untimed.message);
            let message = match untimed.state {
                "refused" => format!("refused {message}"),
                state => format!("{state}: {message}"),
            };
            match reasons.iter_mut().find(|(d, m, _)| *d == device && *m == message) {
                Some((_, _, rows)) => rows.push(row_name(line)),
                None => reasons.push((device, message, vec![row_name(line)])),
            }
        }
        let entry = |(device, message, rows): (String, String, Vec<String>)| {
            let rows = match &rows[..] {
                [first, .., last] => format!("{first} … {last} ({} rows)", rows.len()),
                rows => rows.concat(),
            };
            (device, format!("{rows}: {message}"))
        };
        reasons.into_iter().map(entry).collect()
    }

    pub(super) fn note(&self) -> String {
        let reference = self.comparison.points.iter().find_map(|point| point.reference.as_ref());
        let reference = reference.map_or(String::new(), |device| {
            format!(
                " `error` is the relative L2 distance from what `{device}` computes node by node in f32 at the same \
                 resolution and batch."
            )
        });
        format!(
            "`latency` is the time of a call (upload, run and fetch): the geometric mean of {} processes' medians, with its \
             95% interval over processes. `items/s` is the batch by that.{reference} `memory` is the most that a process \
             ever held, `weights` their size in that precision. The best row of a model at a resolution is marked \
             for each use; ≈ means that the data cannot tell it from the next.",
            self.comparison.settings.processes
        )
    }

    pub(super) fn occasion(&self) -> String {
        let settings = &self.comparison.settings;
        let work = format!("threads: {}, seed: {}", settings.threads, settings.seed);
        line_of(&self.comparison.environment, Some(work))
    }
}

/// `zoo:resnet-18 at 160, batch 8, f16`.
fn row_name(line: &Line<'_>) -> String {
    let batch = line.point.batch.map_or(String::new(), |batch| format!(", batch {batch}"));
    format!("{}{batch}, {}", line.point.family(), line.row.precision)
}
