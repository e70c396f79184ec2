//! How people and scripts read a comparison.
//!
//! [`Report`] ranks a [`Comparison`](tachy_measure::Comparison) once; each of its renderers is a pure function to a
//! string: [`Report::terminal`], [`Report::json`], [`Report::csv`], [`Report::markdown`], [`Report::html`], and
//! [`samples_csv`] for the raw samples; [`duel`] does the same for a duel, [`function`] for benchmarks of functions.
//! [`operators`] for devices compared on operators, [`variants`] for models in several precisions, resolutions and batch
//! sizes, [`Guide`] which device for what.
//! [`HistoryReport`] tells what became of series over many runs. [`whole`] makes one report of everything. [`devices`],
//! [`models`], [`runs`] and [`baselines`] are the lists of other commands, made of the same [`Table`] and [`Look`].
#![forbid(unsafe_code)]

mod csv;
pub mod duel;
mod energy;
mod figure;
pub mod function;
pub mod gate;
mod guide;
mod history;
mod html;
mod json;
mod layout;
mod lists;
mod look;
mod markdown;
pub mod operators;
pub mod profile;
mod quantity;
mod report;
mod runs;
mod sentences;
mod steps;
mod table;
mod terminal;
pub mod variants;
pub mod whole;

pub use csv::samples_csv;
pub use guide::{Answer, Guide};
pub use history::HistoryReport;
pub use lists::{ModelEntry, devices, models};
pub use look::{Look, Tone};
pub use report::Report;
pub use runs::{baselines, run, runs};
pub use steps::{StepEntry, steps};
pub use table::{Align, Cell, Column, Table};
