//! Why a duel cannot be made.

use std::io;

use tachy_stats::StatisticsError;
use thiserror::Error;

use crate::measurement::Metric;

/// A duel that cannot be made, in a sentence with the remedy.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DuelError {
    /// A command without a word.
    #[error("a command is empty; write a program and its arguments, such as 'sort words.txt'")]
    EmptyCommand,
    /// A quote that is not closed.
    #[error("`{command}` has a quote that is not closed; close it, or put a backslash before it")]
    OpenQuote {
        /// The command as it was written.
        command: String,
    },
    /// A command that could not be started.
    #[error("`{command}` cannot be started: {source}; {remedy}")]
    Start {
        /// The command as it was written.
        command: String,
        /// Why.
        source: io::Error,
        /// What may help.
        remedy: &'static str,
    },
    /// A command that failed.
    #[error(
        "`{command}` failed: {how}; what fails is not timed, unless you give `--ignore-failure`"
    )]
    Failed {
        /// The command as it was written.
        command: String,
        /// How it ended, and its last words.
        how: String,
    },
    /// A command around those that are measured failed.
    #[error("`{command}`, given with `{option}`, failed: {how}")]
    AroundFailed {
        /// The option that it was given with.
        option: &'static str,
        /// The command as it was written.
        command: String,
        /// How it ended.
        how: String,
    },
    /// The file for the standard input cannot be read.
    #[error("`{path}` cannot be read for `--input`: {source}")]
    Input {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The folder is none.
    #[error("`{path}`, given with `--cwd`, is not a folder")]
    Folder {
        /// What was given.
        path: String,
    },
    /// The metric that is to decide cannot be had.
    #[error("{} cannot decide: {reason}", metric.name())]
    NoMetric {
        /// The metric.
        metric: Metric,
        /// Why not.
        reason: String,
    },
    /// It was interrupted before there was anything to tell.
    #[error("interrupted before the first pair was complete; nothing is known yet")]
    Interrupted,
    /// Options of which no judgement can be made.
    #[error(transparent)]
    Statistics(#[from] StatisticsError),
}
