//! Why a statistic cannot be computed.

use crate::InvalidPair;

/// Data or settings from which an estimate cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StatisticsError {
    /// A device without any process.
    #[error("there is no process to estimate from; measure the device in at least one process")]
    NoProcess,
    /// A process that yielded no sample.
    #[error("process {process} has no samples; leave it out or measure it again")]
    EmptyProcess {
        /// Position of the process, from 0.
        process: usize,
    },
    /// A process whose median is zero, of which no ratio can be taken.
    #[error(
        "the median of process {process} is zero, so no ratio can be taken; \
         time more iterations per sample"
    )]
    ZeroMedian {
        /// Position of the process, from 0.
        process: usize,
    },
    /// A confidence level that is not a probability.
    #[error("the confidence level is {level}, but it must lie between 0 and 1, for example 0.95")]
    InvalidLevel {
        /// The level that was asked for.
        level: f64,
    },
    /// A margin of equivalence that is not a finite share.
    #[error(
        "the margin is {margin}, but it must be a share of at least 0, for example 0.01 for 1%"
    )]
    InvalidMargin {
        /// The margin that was asked for.
        margin: f64,
    },
    /// A probability of error that is not between 0 and 1.
    #[error(
        "the probability of an error is {probability}, but it must lie between 0 and 1, for example 0.004"
    )]
    InvalidProbability {
        /// The probability that was asked for.
        probability: f64,
    },
    /// An effect to be found that is not above zero.
    #[error(
        "the effect to be found is {effect}, but it must be a share above 0, for example 0.02 for 2%"
    )]
    InvalidEffect {
        /// The effect that was asked for.
        effect: f64,
    },
    /// A pair that cannot be used.
    #[error(transparent)]
    Pair(#[from] InvalidPair),
    /// Two curves that have no size in common.
    #[error("the two were measured at no size in common; measure both at the same sizes")]
    NoCommonSize,
    /// Too few resamples to read the tails from.
    #[error("{resamples} resamples are too few for an interval; ask for at least {fewest}")]
    TooFewResamples {
        /// The number that was asked for.
        resamples: usize,
        /// The smallest number that is accepted.
        fewest: usize,
    },
    /// Two candidates of one ranking share a name.
    #[error("two candidates are called {name:?}; give each its own name")]
    DuplicateName {
        /// The name that appears twice.
        name: String,
    },
    /// One candidate of a ranking cannot be estimated.
    #[error("{name:?} cannot be ranked: {source}")]
    Candidate {
        /// The candidate's name.
        name: String,
        /// What is wrong with it.
        source: Box<StatisticsError>,
    },
}
