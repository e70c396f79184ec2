//! What the command-line programs of Tachy have in common: `tachy` itself, and benchmarks of people's own code.
//!
//! - [`settings`]: the defaults of a project, from `tachy.toml`.
//! - [`measuring`], [`storing`] and [`mod@partition`]: arguments that mean the same everywhere.
//! - [`failure`]: why a program ends early, and with which exit code.
//! - [`output`] and [`progress`]: where results go, and what is shown meanwhile.
//! - [`child`]: a program that starts itself as its own child processes.
#![forbid(unsafe_code)]

pub mod child;
pub mod failure;
pub mod measuring;
pub mod output;
pub mod partition;
pub mod progress;
pub mod settings;
pub mod storing;
