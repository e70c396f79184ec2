//! What may stand after `cargo bench --`.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use tachy_command::measuring::MeasureArguments;
use tachy_command::partition::PartitionArguments;
use tachy_command::storing::SaveArguments;

/// Benchmarks, measured in processes of their own.
#[derive(Debug, Parser)]
#[command(
    name = "cargo bench --",
    after_help = "Examples:\n  \
        cargo bench                                  all benchmarks\n  \
        cargo bench -- stable --time 10              those with `stable` in their names, for longer\n  \
        cargo bench -- --save --label branch=main    remember what was measured, for `tachy history`\n  \
        cargo bench -- --partition 1/4 --save        the first of four parts\n\n\
        Defaults can be set in a file `tachy.toml`, here or in any folder above.\n\
        Exit codes: 0 done, 1 a benchmark failed, 2 bad usage."
)]
pub(crate) struct Arguments {
    /// Text that the names of the wanted benchmarks contain, one of them at least; all if there is none
    #[arg(value_name = "NAME")]
    pub filters: Vec<String>,

    /// The names are whole ones, with or without arguments
    #[arg(long)]
    pub exact: bool,

    /// Tell the names and measure nothing
    #[arg(long)]
    pub list: bool,

    /// Run each once and measure nothing
    #[arg(long)]
    pub test: bool,

    #[command(flatten)]
    pub measure: MeasureArguments,

    /// Seed of the order of processes [default: 0]
    #[arg(long)]
    pub seed: Option<u64>,

    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,

    /// File for the result, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub partition: PartitionArguments,

    #[command(flatten)]
    pub save: SaveArguments,

    /// What Cargo says when it wants to have measured
    #[arg(long, hide = true)]
    pub bench: bool,

    /// Said by test runners: benchmarks write as they please
    #[arg(long, hide = true)]
    pub nocapture: bool,

    /// Said by test runners that want what is ignored alone: no benchmark is
    #[arg(long, hide = true)]
    pub ignored: bool,
}

/// Formats of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    #[default]
    Text,
    /// JSON, with every sample
    Json,
    /// Names as test runners want to have them listed
    #[value(hide = true)]
    Terse,
}
