//! The hidden command by which a comparison starts its child processes.

use std::io::BufReader;

use tachy_command::child;

use super::failure::Failure;

/// The command's name.
pub(super) const NAME: &str = child::WORKER;

/// Serves the comparison that started this process.
pub(super) fn execute() -> Result<(), Failure> {
    let lost = |error: std::io::Error| Failure::Check(format!("the connection is lost: {error}"));
    let replies = child::replies().map_err(lost)?;
    let requests = BufReader::new(std::io::stdin().lock());
    tachy_measure::serve(&crate::registry(), requests, replies).map_err(lost)
}
