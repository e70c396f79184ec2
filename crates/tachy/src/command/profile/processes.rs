//! Several processes of one recording.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::EXTENSION;
use crate::command::failure::Failure;
use crate::command::progress::Progress;

/// Seconds of runs in all, unless it is told for how long a process records.
const TOGETHER: f64 = 3.0;

/// Seconds of runs of a process, at the least: one process differs from the next by more than a longer record tells.
const SHORTEST: f64 = 0.05;

/// For how long each of so many processes records, unless that is told.
pub(super) fn seconds_each(processes: NonZeroUsize) -> f64 {
    (TOGETHER / processes.get() as f64).max(SHORTEST)
}

/// Has all processes but the last record into a folder, each for so many seconds, and tells the file of the last one's
/// trace, which is that of this process.
pub(super) fn record_all_but_last(
    processes: NonZeroUsize,
    seconds: f64,
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
    let progress = Progress::new(processes.get() as u64);
    for number in 1..processes.get() {
        progress.say(format!("process {number} of {processes} records"));
        let status = Command::new(&program)
            .args(own)
            .args(["--time", &seconds.to_string(), "--processes", "1", "--save"])
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
        progress.step();
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
