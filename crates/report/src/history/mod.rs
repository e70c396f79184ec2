//! What became of series over many runs.

mod chart;
mod judged;
mod markdown;
mod scripts;
mod terminal;
mod words;

pub use judged::HistoryReport;
pub(crate) use judged::Judged;
