//! Where a command's result goes.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

use tachy_report::Look;

use crate::failure::Failure;

/// Columns where there is no terminal.
const PAGE: usize = 120;

/// Writes to the file, or to standard output if there is none.
///
/// # Errors
/// If that cannot be written.
pub fn write(text: &str, file: Option<&Path>) -> Result<(), Failure> {
    match file {
        Some(path) => write_file(text, path),
        None => {
            let mut out = std::io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
                match error.kind() {
                    ErrorKind::BrokenPipe => Failure::OutputClosed,
                    _ => Failure::Check(format!("standard output cannot be written: {error}.")),
                }
            })
        }
    }
}

/// Writes a file.
///
/// # Errors
/// If it cannot be written.
pub fn write_file(text: &str, path: &Path) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        Failure::Input(format!("`{}` cannot be written: {error}.", path.display()))
    })
}

/// How text for the file, or for standard output if there is none, may look: as wide as the terminal, and in colour
/// unless `NO_COLOR` is set.
pub fn look(file: Option<&Path>) -> Look {
    let stdout = std::io::stdout();
    if file.is_some() || !stdout.is_terminal() {
        return Look::plain(PAGE);
    }
    let width = terminal_size::terminal_size().map_or(PAGE, |(width, _)| usize::from(width.0));
    let colour = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
    Look { width, colour }
}

/// How a message on standard error may look.
pub fn look_of_messages() -> Look {
    let stderr = std::io::stderr();
    if !stderr.is_terminal() {
        return Look::plain(PAGE);
    }
    let width =
        terminal_size::terminal_size_of(&stderr).map_or(PAGE, |(width, _)| usize::from(width.0));
    let colour = anstream::AutoStream::choice(&stderr) != anstream::ColorChoice::Never;
    Look { width, colour }
}
