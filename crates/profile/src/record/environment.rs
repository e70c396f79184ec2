//! Sessions that whoever starts the program asks for.

use std::path::PathBuf;

#[cfg(feature = "sampling")]
use super::Options;
use super::{Session, SessionError};
use crate::memory;

/// The environment variable that names the file for the trace.
pub const VARIABLE: &str = "TACHY_TRACE";

/// The environment variable that says how many times a second of work the processor's call stacks are sampled; only
/// programs that have the cargo feature `sampling` do so.
pub const SAMPLES_VARIABLE: &str = "TACHY_SAMPLES";

/// A session that was asked for from outside; when this is dropped, its trace is written.
#[derive(Debug)]
#[must_use = "the trace is written when this is dropped"]
pub struct FromEnvironment(Option<(Session, PathBuf)>);

/// Records until the result is dropped, if the variable `TACHY_TRACE` names a file for the trace; otherwise does
/// nothing.
///
/// A program that has this at the beginning of `main` can be profiled by `tachy profile -- COMMAND`. Of child processes
/// that do the same, the last one to end is the one whose trace is left.
///
/// With the cargo feature `sampling`, the variable `TACHY_SAMPLES` asks for call stacks of the processor, so many times a
/// second of work. If they cannot be had, as where other code in the process has a use for the signal `SIGPROF`, a message
/// on standard error says why, and the spans are recorded nevertheless.
///
/// The process's memory tracker is turned on, too: the trace has what it saw and what engines tell of their memory.
///
/// If the trace cannot be written, a message on standard error says so, and the program goes on.
pub fn from_environment() -> FromEnvironment {
    let wanted = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
    let session = wanted.and_then(|path| {
        // From its first use on, engines tell the tracker what they hold.
        memory::tracker();
        let name = std::env::args_os().next().unwrap_or_default().to_string_lossy().into_owned();
        match start(name) {
            Ok(session) => Some((session, PathBuf::from(path))),
            Err(error) => {
                eprintln!("Nothing is recorded: {error}");
                None
            }
        }
    });
    FromEnvironment(session)
}

#[cfg(feature = "sampling")]
fn start(name: String) -> Result<Session, SessionError> {
    let frequency = std::env::var(SAMPLES_VARIABLE).ok().and_then(|text| text.parse().ok());
    let Some(frequency) = frequency else { return Session::start(name) };
    match Options::new().samples(frequency).start(name.as_str()) {
        Err(SessionError::Sampling(error)) => {
            eprintln!("The trace has spans and no call stacks: {error}.");
            Session::start(name)
        }
        started => started,
    }
}

#[cfg(not(feature = "sampling"))]
fn start(name: String) -> Result<Session, SessionError> {
    Session::start(name)
}

impl Drop for FromEnvironment {
    fn drop(&mut self) {
        if let Some((session, path)) = self.0.take()
            && let Err(error) = session.stop().save(&path)
        {
            eprintln!("The trace could not be written to `{}`: {error}.", path.display());
        }
    }
}
