//! A program that starts itself as its own child processes.

use std::process::Command;
use std::sync::OnceLock;

/// The argument by which a child process knows itself.
pub const WORKER: &str = "__worker";

static PASSED: OnceLock<(&str, String)> = OnceLock::new();

/// Sets an environment variable of every child process that is started from now on. Counts once.
pub fn pass(name: &'static str, value: String) {
    // Whoever comes later keeps to what was said first.
    let _ = PASSED.set((name, value));
}

/// The command that starts a child process of this program.
pub fn command() -> Command {
    let program = std::env::current_exe()
        .or_else(|error| std::env::args_os().next().map(Into::into).ok_or(error))
        .unwrap_or_else(|_| "tachy".into());
    let mut command = Command::new(program);
    command.arg(WORKER);
    if let Some((name, value)) = PASSED.get() {
        command.env(name, value);
    }
    command
}

/// Standard output, out of reach of code that prints to it: what it prints goes to standard error.
///
/// # Errors
/// If standard output cannot be duplicated.
#[cfg(unix)]
pub fn replies() -> std::io::Result<std::fs::File> {
    let replies = rustix::io::dup(std::io::stdout())?;
    rustix::stdio::dup2_stdout(std::io::stderr())?;
    Ok(replies.into())
}

/// Standard output.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn replies() -> std::io::Result<std::io::Stdout> {
    Ok(std::io::stdout())
}
