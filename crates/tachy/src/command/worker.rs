//! The hidden command by which a comparison starts its child processes.

use std::io::BufReader;
use std::process::Command;

use super::failure::Failure;

/// The command's name.
pub(super) const NAME: &str = "__worker";

/// The command that starts a child process of this program.
pub(super) fn command() -> Command {
    let program = std::env::current_exe().unwrap_or_else(|_| "tachy".into());
    let mut command = Command::new(program);
    command.arg(NAME);
    command
}

/// Serves the comparison that started this process.
pub(super) fn execute() -> Result<(), Failure> {
    let lost = |error: std::io::Error| Failure::Check(format!("the connection is lost: {error}"));
    let replies = replies().map_err(lost)?;
    let requests = BufReader::new(std::io::stdin().lock());
    tachy_measure::serve(&crate::registry(), requests, replies).map_err(lost)
}

/// Standard output, out of reach of engines that print to it: what they print goes to standard error.
#[cfg(unix)]
fn replies() -> std::io::Result<std::fs::File> {
    let replies = rustix::io::dup(std::io::stdout())?;
    rustix::stdio::dup2_stdout(std::io::stderr())?;
    Ok(replies.into())
}

#[cfg(not(unix))]
fn replies() -> std::io::Result<std::io::Stdout> {
    Ok(std::io::stdout())
}
