//! The command line: a file for each command, and what they share.

mod arguments;
mod baseline;
mod baseline_check;
mod bench;
mod bisect;
mod check;
mod compare;
mod compare_op;
mod compare_variants;
mod comparison;
mod completions;
mod devices;
mod duel;
mod entry;
mod executable;
mod export;
mod history;
mod import;
mod lots;
mod machine;
mod man;
mod merge;
mod model;
mod peaks;
mod plan;
mod profile;
mod report;
mod run;
mod steps;
mod verify;
mod worker;
mod zoo;

use tachy_command::{failure, output, progress, settings, storing};

pub use entry::{Cli, main};
