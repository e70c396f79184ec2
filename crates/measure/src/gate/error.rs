//! Why a gate cannot be held.

use std::path::PathBuf;

use thiserror::Error;

use crate::duel::DuelError;

/// A check or a bisection that cannot be made, in a sentence with the remedy.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GateError {
    /// Git is missing, or the folder is in no repository.
    #[error("`{}` is in no git repository ({detail}); a gate compares two of its revisions", folder.display())]
    NoRepository {
        /// The folder.
        folder: PathBuf,
        /// What git said.
        detail: String,
    },
    /// A revision that git does not know.
    #[error("git knows no commit `{revision}` here; `git log --oneline` shows some")]
    NoRevision {
        /// As it was given.
        revision: String,
    },
    /// Git failed.
    #[error("`git {arguments}` failed: {detail}")]
    Git {
        /// What git was asked.
        arguments: String,
        /// What it said.
        detail: String,
    },
    /// The bad revision does not come after the good one.
    #[error(
        "`{good}` is no ancestor of `{bad}`; a bisection goes from a good revision forward to a bad one"
    )]
    NotAnAncestor {
        /// The good revision.
        good: String,
        /// The bad one.
        bad: String,
    },
    /// The checkout is somebody else's for now.
    #[error("another check or bisection uses `{}`; wait for its end", folder.display())]
    InUse {
        /// The folder of the checkouts.
        folder: PathBuf,
    },
    /// A file or folder of the gate cannot be used.
    #[error("`{}` cannot be used for a checkout: {source}", path.display())]
    Files {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A revision does not build.
    #[error("{revision} does not build with `{command}`: {detail}")]
    Build {
        /// The revision, for people.
        revision: String,
        /// The line for the shell.
        command: String,
        /// How it ended, and its last words.
        detail: String,
    },
    /// Nothing to measure.
    #[error(
        "there is no benchmark to check; name some under `[check.benchmarks]` in tachy.toml, or give a command after `--`"
    )]
    NoBenchmark,
    /// A benchmark that would run the same program for both revisions.
    #[error(
        "`{command}` names its program by a full path, so that both revisions would run the same one; write the path \
         from the project's folder"
    )]
    SameProgram {
        /// The command.
        command: String,
    },
    /// The benchmark could not be measured.
    #[error(transparent)]
    Duel(#[from] DuelError),
    /// Somebody stopped it.
    #[error("interrupted before anything was measured; nothing is known yet")]
    Interrupted,
}
