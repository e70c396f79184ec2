//! From samples to verdicts: summaries, intervals, outliers, warm-up, ranking, duels, families, histories.
//!
//! Pure and deterministic: nothing here reads a clock, a file or an environment, and the same samples
//! with the same seed give the same figures on every machine. The unit of replication is the process;
//! see [`typical`] and [`ratio`] for what that means for the intervals.
//!
//! | question | answer |
//! |---|---|
//! | what did one thing yield? | [`Samples`], [`Summary`], [`Outliers`], [`SteadyState`] |
//! | which of several devices is fastest? | [`rank`], [`compare`] |
//! | is this program slower than that one? | [`Plan`] before, [`Duel`] meanwhile, [`judge`] on a recording |
//! | which of many benchmarks changed? | [`judge_family`] with [`Stages`] and a [`Control`], [`Balance`] |
//! | from which size on is another one faster? | [`crossovers`] |
//! | when did it change? | [`analyse`], [`e_divisive`], [`remove_machine_speed`] |
//!
//! ```
//! use tachy_stats::{Candidate, ComparisonOptions, Samples, rank};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let candidate = |name: &str, times: [[f64; 3]; 3]| -> Result<_, tachy_stats::InvalidSample> {
//!     let processes = times.into_iter().map(|times| Samples::new(times.to_vec()));
//!     Ok(Candidate { name: name.into(), processes: processes.collect::<Result<_, _>>()? })
//! };
//! let ranking = rank(
//!     &[
//!         candidate("slow", [[2.01, 2.0, 2.0], [2.02, 2.02, 2.01], [1.99, 2.0, 2.01]])?,
//!         candidate("fast", [[1.0, 1.01, 1.0], [1.01, 1.01, 1.02], [0.99, 1.0, 1.0]])?,
//!     ],
//!     &ComparisonOptions::default(),
//! )?;
//! assert_eq!(ranking.places[0].name, "fast");
//! assert_eq!((ranking.places[1].rank, ranking.places[1].tied), (2, false));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod block_length;
mod bootstrap;
mod crossover;
mod error;
mod family;
mod figures;
mod history;
mod interval;
mod medians;
mod options;
mod outliers;
mod paired;
mod parts;
mod rank;
mod samples;
mod sorted;
mod steady_state;
mod student;
mod summary;
mod tempering;
mod typical;
mod verdict;

pub use bootstrap::{Bootstrap, Resampling};
pub use crossover::{Crossover, Crossovers, Curve, CurvePoint, Side, crossovers};
pub use error::StatisticsError;
pub use family::{
    Balance, Control, Lopsided, Stages, benjamini_hochberg, confirm, e_benjamini_hochberg,
    judge_family, under_control,
};
pub use history::{
    Analysis, Change, DivisiveOptions, Drift, HistoryOptions, InvalidReference, SpeedRemoval,
    analyse, e_divisive, potts, remove_machine_speed,
};
pub use interval::{Estimate, Interval, Replication, ReplicationUnit};
pub use options::{ComparisonOptions, Pairing};
pub use outliers::{OutlierPattern, Outliers};
pub use paired::{
    Design, Duel, DuelOptions, Finding, InvalidPair, Judgement, Noise, Order, Orders, Pair, Plan,
    Settlement, Severity, judge, paired_ratio, signed_rank_interval, signed_rank_location,
};
pub use parts::{PartSamples, Shift, Shifts, quick, shifts};
pub use rank::{Candidate, Place, Ranking, rank};
pub use samples::{InvalidSample, Samples};
pub use sorted::{MAD_TO_STANDARD_DEVIATION, Sorted, samples_needed};
pub use steady_state::{Phase, SteadyState, SteadyStateOptions};
pub use summary::Summary;
pub use typical::{FEWEST_PAIRED_ROUNDS, ratio, typical};
pub use verdict::{Outcome, Reason, Remedy, Verdict, compare, compare_relative};
