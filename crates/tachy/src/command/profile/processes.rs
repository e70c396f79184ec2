//! Several processes of one recording.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::EXTENSION;
use crate::command::failure::Failure;

/// Has all processes but the last record into a folder, and tells the file of the last one's trace, which is that of
/// this process.
pub(super) fn record_all_but_last(
    processes: NonZeroUsize,
    save: Option<PathBuf>,
) -> Result<Option<PathBuf>, Failure> {
    let folder = match save {
        Some(folder) if processes.get() > 1 => folder,
        file => return Ok(file),
    };
    make_empty(&folder)?;
    let program = std::env::current_exe()
        .map_err(|error| Failure::Check(format!("the command cannot find itself: {error}.")))?;
    let file = |number: usize| folder.join(format!("{number:03}.{EXTENSION}"));
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let of_a_command = arguments.iter().position(|argument| argument == "--");
    let (own, command) = arguments.split_at(of_a_command.unwrap_or(arguments.len()));
    for number in 1..processes.get() {
        let status = Command::new(&program)
            .args(own)
            .args(["--processes", "1", "--save"])
            .arg(file(number))
            .args(command)
            .stdout(Stdio::null())
            .status()
            .map_err(|error| Failure::Check(format!("no process can be started: {error}.")))?;
        if !status.success() {
            return Err(Failure::Check(format!(
                "process {number} of {processes} failed: {status}."
            )));
        }
    }
    Ok(Some(file(processes.get())))
}

/// Traces of another occasion must not count among those of this one.
fn make_empty(folder: &Path) -> Result<(), Failure> {
    let fails =
        |error| Failure::Input(format!("`{}` cannot be a folder: {error}.", folder.display()));
    std::fs::create_dir_all(folder).map_err(fails)?;
    if std::fs::read_dir(folder).map_err(fails)?.next().is_some() {
        return Err(Failure::Input(format!(
            "`{}` is not empty; name a folder for the traces of this occasion alone.",
            folder.display()
        )));
    }
    Ok(())
}
