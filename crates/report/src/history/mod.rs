//! What became of series over many runs.

mod chart;
mod judged;
mod scripts;
mod terminal;

pub use judged::HistoryReport;
