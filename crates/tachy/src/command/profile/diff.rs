//! `tachy profile diff`.

use std::path::PathBuf;

use clap::Args;
use tachy_measure::TraceDiff;

use super::super::failure::Failure;
use super::super::output;
use super::open;

/// Compare two traces operation by operation.
///
/// What all operations share, such as the machine's speed, is taken out. An operation counts as changed if it stands
/// out from how much the others differ between the two traces, and from its own noise.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy profile model.onnx --save before.trace\n  \
    tachy profile model.onnx --save after.trace\n  \
    tachy profile diff before.trace after.trace\n  \
    tachy profile diff before.trace after.trace --json")]
pub(super) struct Diff {
    /// The trace to compare with
    #[arg(value_name = "FILE A")]
    first: PathBuf,

    /// The trace to judge
    #[arg(value_name = "FILE B")]
    second: PathBuf,

    /// JSON instead of a table, with every operation
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let diff = TraceDiff::new(&open(&self.first)?, &open(&self.second)?);
        let text = match self.json {
            true => serde_json::to_string_pretty(&diff).map_err(Failure::input)? + "\n",
            false => tachy_report::profile::diff(&diff, output::look(None)),
        };
        output::write(&text, None)
    }
}
