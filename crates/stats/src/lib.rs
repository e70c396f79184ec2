//! From samples to verdicts: summaries, intervals, outliers, warm-up, comparison and ranking.
//!
//! Pure and deterministic: nothing here reads a clock, a file or an environment, and the same samples
//! with the same seed give the same figures on every machine. The unit of replication is the process;
//! see [`typical`] and [`ratio`] for what that means for the intervals.
#![forbid(unsafe_code)]

mod block_length;
mod bootstrap;
mod error;
mod interval;
mod medians;
mod options;
mod outliers;
mod rank;
mod samples;
mod sorted;
mod steady_state;
mod student;
mod summary;
mod typical;
mod verdict;

pub use bootstrap::{Bootstrap, Resampling};
pub use error::StatisticsError;
pub use interval::{Estimate, Interval, Replication, ReplicationUnit};
pub use options::{ComparisonOptions, Pairing};
pub use outliers::{OutlierPattern, Outliers};
pub use rank::{Candidate, Place, Ranking, rank};
pub use samples::{InvalidSample, Samples};
pub use sorted::{MAD_TO_STANDARD_DEVIATION, Sorted, samples_needed};
pub use steady_state::{Phase, SteadyState, SteadyStateOptions};
pub use summary::Summary;
pub use typical::{FEWEST_PAIRED_ROUNDS, ratio, typical};
pub use verdict::{Outcome, Reason, Remedy, Verdict, compare};
