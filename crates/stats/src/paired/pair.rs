//! One process of the candidate beside one of the reference.

use serde::{Deserialize, Serialize};

use crate::Samples;

/// Which side of a pair ran first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The candidate, then the reference.
    CandidateFirst,
    /// The reference, then the candidate.
    ReferenceFirst,
}

impl Order {
    /// The other order.
    pub fn reversed(self) -> Self {
        match self {
            Order::CandidateFirst => Order::ReferenceFirst,
            Order::ReferenceFirst => Order::CandidateFirst,
        }
    }

    /// `+1` where the candidate ran first, `−1` where the reference did.
    pub(crate) fn sign(self) -> f64 {
        match self {
            Order::CandidateFirst => 1.0,
            Order::ReferenceFirst => -1.0,
        }
    }
}

/// One value of the candidate and one of the reference, taken right after each other.
///
/// Each value stands for a whole process (its median time, its peak memory, …), in any unit so long as
/// it is the same for both: the process is the unit of replication.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedPair")]
pub struct Pair {
    candidate: f64,
    reference: f64,
    order: Order,
}

/// Values that cannot be a pair, or a pair that cannot stand where it stands.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InvalidPair {
    /// A value of which no logarithm can be taken.
    #[error(
        "a pair holds the value {value}, but a ratio needs finite values above zero; \
         time more iterations per sample"
    )]
    NotPositive {
        /// The value that was given.
        value: f64,
    },
    /// A process without samples.
    #[error("a process of a pair has no samples; leave the pair out or measure it again")]
    NoSamples,
    /// The second pair of a block repeats the order of the first.
    #[error(
        "the second pair of a block ran in the order of the first, but the two must be opposite; \
         draw the orders from the design"
    )]
    OrderRepeated,
}

#[derive(Deserialize)]
struct UncheckedPair {
    candidate: f64,
    reference: f64,
    order: Order,
}

impl TryFrom<UncheckedPair> for Pair {
    type Error = InvalidPair;

    fn try_from(pair: UncheckedPair) -> Result<Self, InvalidPair> {
        Self::new(pair.candidate, pair.reference, pair.order)
    }
}

impl Pair {
    /// A pair of values, one for each process.
    ///
    /// # Errors
    /// A value that is not finite and above zero.
    pub fn new(candidate: f64, reference: f64, order: Order) -> Result<Self, InvalidPair> {
        for value in [candidate, reference] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(InvalidPair::NotPositive { value });
            }
        }
        Ok(Self { candidate, reference, order })
    }

    /// A pair of processes, each by the median of its samples.
    ///
    /// # Errors
    /// A process without samples, or a median of zero.
    pub fn of_medians(
        candidate: &Samples,
        reference: &Samples,
        order: Order,
    ) -> Result<Self, InvalidPair> {
        let median = |samples: &Samples| {
            samples.sorted().map(|sorted| sorted.median()).ok_or(InvalidPair::NoSamples)
        };
        Self::new(median(candidate)?, median(reference)?, order)
    }

    /// The value of the candidate's process.
    pub fn candidate(&self) -> f64 {
        self.candidate
    }

    /// The value of the reference's process.
    pub fn reference(&self) -> f64 {
        self.reference
    }

    /// Which of the two ran first.
    pub fn order(&self) -> Order {
        self.order
    }

    /// The natural logarithm of candidate ÷ reference; below 0, the candidate is faster.
    pub fn log_ratio(&self) -> f64 {
        // The logarithm of the quotient would lose the ratio of values near the ends of the range.
        self.candidate.ln() - self.reference.ln()
    }
}
