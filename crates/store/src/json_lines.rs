//! Runs as JSON lines: one object to a line, for other programs and for keeping.
//!
//! A line is `{"run": …}` with a [`Run`] and every sample of it, or `{"baseline": …}` with a [`Baseline`], which comes
//! after the run that it names. Numbers are written so that reading them gives the same bits.

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::{Baseline, Run};

/// What stands on one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A run.
    Run(Box<Run>),
    /// A name for a run.
    Baseline(Baseline),
}

/// Writes a line.
///
/// # Errors
/// If it cannot be written.
pub fn write(out: &mut dyn Write, record: &Record) -> std::io::Result<()> {
    let mut line = serde_json::to_string(record).expect("records have string keys");
    line.push('\n');
    out.write_all(line.as_bytes())
}

/// Why a line cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The file cannot be read.
    #[error("{0}.")]
    Reading(#[from] std::io::Error),
    /// The line holds something else.
    #[error(
        "line {line} holds no run and no baseline: {error}. Each line must be as `tachy export` writes it."
    )]
    Line {
        /// Its number, counted from 1.
        line: usize,
        /// What is wrong.
        error: serde_json::Error,
    },
}

/// Reads lines until the end; empty ones are passed over.
///
/// # Errors
/// The first line that cannot be read.
pub fn read(source: impl BufRead) -> impl Iterator<Item = Result<Record, LineError>> {
    source.lines().enumerate().filter_map(|(place, line)| match line {
        Err(error) => Some(Err(error.into())),
        Ok(line) if line.trim().is_empty() => None,
        Ok(line) => Some(
            serde_json::from_str(&line).map_err(|error| LineError::Line { line: place + 1, error }),
        ),
    })
}
