//! The command line: a file for each command, and what they share.

mod arguments;
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
mod failure;
mod lots;
mod man;
mod model;
mod output;
mod plan;
mod progress;
mod run;
mod settings;
mod steps;
mod verify;
mod worker;
mod zoo;

pub use entry::{Cli, main};
