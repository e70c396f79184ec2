//! `tachy profile diff`.

use std::path::{Path, PathBuf};

use clap::Args;
use tachy_measure::TraceDiff;
use tachy_profile::trace::Trace;

use super::super::failure::Failure;
use super::super::output;
use super::{EXTENSION, open};

/// Compare traces of one program operation by operation.
///
/// What all operations share, such as the machine's speed, is taken out. An operation counts as changed if it stands
/// out from how much the others differ, and from its own noise. Two processes of one program differ by some percent in
/// the one or other operation; folders with several traces each, best recorded in turns, tell such luck from changes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy profile model.onnx --save before.trace\n  \
    tachy profile model.onnx --save after.trace\n  \
    tachy profile diff before.trace after.trace\n  \
    tachy profile diff before.trace after.trace --json\n\n  \
    tachy profile model.onnx --processes 100 --save before\n  \
    tachy profile model.onnx --processes 100 --save after\n  \
    tachy profile diff before after")]
pub(super) struct Diff {
    /// The trace to compare with, or a folder of traces
    #[arg(value_name = "A")]
    first: PathBuf,

    /// The trace to judge, or a folder of traces
    #[arg(value_name = "B")]
    second: PathBuf,

    /// JSON instead of a table, with every operation
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let diff = TraceDiff::new(&traces(&self.first)?, &traces(&self.second)?);
        let text = match self.json {
            true => serde_json::to_string_pretty(&diff).map_err(Failure::input)? + "\n",
            false => tachy_report::profile::diff(&diff, output::look(None)),
        };
        output::write(&text, None)
    }
}

/// The trace in a file, or those in a folder.
fn traces(place: &Path) -> Result<Vec<Trace>, Failure> {
    if !place.is_dir() {
        return Ok(vec![open(place)?]);
    }
    let unreadable =
        |error| Failure::Input(format!("`{}` cannot be read: {error}.", place.display()));
    let entries = std::fs::read_dir(place).map_err(unreadable)?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()
        .map_err(unreadable)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == EXTENSION));
    files.sort_unstable();
    if files.is_empty() {
        return Err(Failure::Input(format!(
            "`{}` holds no trace: no file in it ends with .{EXTENSION}. `tachy profile MODEL --processes 100 --save {0}` \
             makes some.",
            place.display()
        )));
    }
    files.iter().map(|file| open(file)).collect()
}
