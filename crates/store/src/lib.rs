//! Runs remembered.
//!
//! - [`Run`] is what one command measured: [`Benchmark`]s with their raw samples, and the circumstances. It has a
//!   [`RunId`] of its own and never changes.
//! - [`open`] opens a [`Store`]: a file of SQLite, or a PostgreSQL server if the place is a URL. [`Place::find`] knows
//!   where the store of a project is.
//! - [`SeriesKey`] says which measurements of different runs belong together; [`Store::history`]
//!   reads only the medians of their processes, never the samples.
//! - [`mod@file`] writes stores to files, as [`json_lines`] or as Parquet, and reads them back without loss; [`merge`] joins
//!   stores.
//! - [`BaselineCheck`] judges what was measured again against what has a name.
//! - [`Suite`] tells which parts of a suite are there that several machines measured.
//! - [`import`] reads what criterion, divan, hyperfine, Google Benchmark and pytest-benchmark wrote.
#![forbid(unsafe_code)]

mod check;
mod comparison;
mod duel;
mod error;
pub mod file;
mod function;
mod id;
pub mod import;
pub mod json_lines;
mod merge;
mod open;
mod operators;
#[cfg(feature = "parquet")]
mod parquet;
mod place;
mod run;
mod series;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
mod store;
mod suite;
mod variants;

pub use check::{BaselineCheck, BaselineComparison, Confirmation};
pub use error::StoreError;
pub use id::RunId;
pub use merge::{Merged, merge};
pub use open::{OpenOptions, open, open_with};
pub use place::Place;
pub use run::{Benchmark, InvalidRun, Outcome, PARTITION, Run, SUITE};
pub use series::{SeriesKey, machine_identity, metric_identifier, metric_of_identifier};
pub use store::{Baseline, History, HistoryFilter, Point, REFERENCE, RunHeader, Store};
pub use suite::Suite;
