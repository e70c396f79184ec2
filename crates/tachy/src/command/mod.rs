//! The command line: a file for each command, and what they share.

mod arguments;
mod baseline;
mod bench;
mod bisect;
mod check;
mod compare;
mod comparison;
mod completions;
mod devices;
mod duel;
mod entry;
mod executable;
mod export;
mod failure;
mod history;
mod import;
mod lots;
mod man;
mod merge;
mod model;
mod output;
mod plan;
mod progress;
mod run;
mod settings;
mod steps;
mod storing;
mod verify;
mod worker;
mod zoo;

pub use entry::{Cli, main};
