//! What can go wrong with a store, and what to do then.

use std::path::PathBuf;

use crate::run::InvalidRun;

/// Why a store, or a file of runs, cannot be used. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer Tachy made the store.
    #[error(
        "the store `{place}` was written by a newer version of Tachy: it has layout {found}, and this version knows \
         layouts up to {known}. Nothing was changed. Update Tachy, or choose another store with --store."
    )]
    Newer {
        /// The store.
        place: String,
        /// Its layout.
        found: i64,
        /// The newest layout that is known here.
        known: i64,
    },
    /// The file or database is something else.
    #[error(
        "`{place}` is not a store of Tachy: {reason}. Nothing was changed. Choose another place with --store or in \
         TACHY_STORE."
    )]
    NotAStore {
        /// The place.
        place: String,
        /// What it is instead.
        reason: String,
    },
    /// Bytes of the store are not what was written.
    #[error(
        "the store `{place}` is damaged: {detail}. Nothing was changed. Put a copy of the file in its place if there \
         is one; or save what can still be read with `tachy export rescued.jsonl --skip-damaged`, move the file away, \
         and `tachy import rescued.jsonl`."
    )]
    Damaged {
        /// The store.
        place: String,
        /// Where.
        detail: String,
    },
    /// Somebody else holds the store.
    #[error(
        "the store `{place}` was in use by another program for {seconds} seconds. Nothing was written. Wait for that \
         program, or end it, and try again."
    )]
    Locked {
        /// The store.
        place: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// No space is left.
    #[error(
        "the store `{place}` cannot grow: {detail}. Nothing was written, and all runs that were stored before are \
         still there. Make room on that disk, or choose another store with --store."
    )]
    Full {
        /// The store.
        place: String,
        /// What the system says.
        detail: String,
    },
    /// It cannot be opened, read or written.
    #[error("the store `{place}` cannot be {action}: {detail}. {remedy}")]
    Unusable {
        /// The store.
        place: String,
        /// `opened`, `read` or `written`.
        action: &'static str,
        /// What the system says.
        detail: String,
        /// What to do.
        remedy: &'static str,
    },
    /// This build cannot do it.
    #[error(
        "{what} needs a Tachy that was built with the cargo feature `{feature}`; this one was not."
    )]
    NotBuilt {
        /// What was asked for.
        what: String,
        /// The feature.
        feature: &'static str,
    },
    /// The run contradicts itself.
    #[error("the run cannot be stored: {0}.")]
    Invalid(#[from] InvalidRun),
    /// There is no such run.
    #[error("there is no run `{0}` in the store; `tachy history --runs` lists the runs.")]
    NoRun(String),
    /// The beginning of a name fits several runs.
    #[error("{count} runs have names that begin with `{prefix}`; give more of the name.")]
    Ambiguous {
        /// What was given.
        prefix: String,
        /// How many fit.
        count: usize,
    },
    /// There is no such file, and it was not to be made.
    #[error(
        "there is no store at `{0}` yet; `tachy compare MODEL --save`, `tachy bench MODEL --save` and `tachy import \
         FILE` make one."
    )]
    NotThere(String),
    /// The store has no run at all.
    #[error(
        "the store `{0}` holds no run yet; `tachy compare MODEL --save` and `tachy bench MODEL --save` store one."
    )]
    Empty(String),
    /// There is no such baseline.
    #[error("there is no baseline `{name}`: {known}")]
    NoBaseline {
        /// The name asked for.
        name: String,
        /// Which there are, as a sentence.
        known: String,
    },
    /// There is no place for a store.
    #[error(
        "there is no place for a store: the current folder is in no project, and the user has no data folder. Choose \
         a place with --store or in TACHY_STORE."
    )]
    NoPlace,
    /// A file cannot be read or written.
    #[error("`{}` cannot be {action}: {error}.", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("`{file}` cannot be imported: {detail}")]
    Format {
        /// The file.
        file: String,
        /// Where and why, as a sentence.
        detail: String,
    },
}
