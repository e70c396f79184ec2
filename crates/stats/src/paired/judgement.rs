//! What a stream of pairs amounts to, in a sentence.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::severity::Severity;
use crate::figures::{Percent, Ratio};
use crate::{Estimate, Interval, Outcome};

/// Why pairs were judged as they were.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The pairs fall to one side as they would for equals with this probability at most, however often
    /// one looked; and the ratio is beyond the margin.
    OneSided {
        /// The probability that was allowed.
        false_alarm: f64,
    },
    /// The interval of the ratio lies within the margin (a share) around 1.
    WithinMargin(f64),
    /// There is a difference, but the ratio found so far lies within the margin (a share), and its interval
    /// does not.
    AroundMargin(f64),
    /// There is no difference that could be told from chance, nor is there surely none.
    Undecided,
    /// So few coins were tossed that no outcome could decide.
    TooFew,
    /// A control that compares the reference with itself in the same run found a difference.
    ControlFailed,
    /// What was found at first has not been measured anew yet.
    Unconfirmed,
    /// What was found at first did not show again when measured anew in reversed order.
    NotConfirmed,
    /// Among as many benchmarks as were measured together, a finding as clear may well be chance.
    AmongMany,
}

/// What would turn an unsure judgement into a sure one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settlement {
    /// About this many pairs beyond those seen, if further ones vary alike.
    MorePairs(usize),
    /// More pairs would not do within reason: the pairs differ too much.
    QuieterMachine,
    /// No number of pairs says on which side of a margin a difference lies that is as large as the margin.
    OtherMargin,
    /// The run has to be repeated once its control finds nothing.
    RepairedRun,
}

/// Faster, slower, same or unsure, for two programs measured in pairs, with the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Faster, slower, same or unsure.
    pub outcome: Outcome,
    /// Why.
    pub finding: Finding,
    /// Candidate ÷ reference; below 1, the candidate is faster. The interval may be read after every
    /// pair: it holds the truth at all those moments together.
    pub ratio: Estimate,
    /// The e-value against "candidate and reference are the same". The probability that it ever reaches
    /// `x` for equals is `1 / x` at most.
    pub e_value: f64,
    /// How bad it is; only where the outcome is [`Outcome::Slower`].
    pub severity: Option<Severity>,
    /// What would settle it; only where the outcome is [`Outcome::Unsure`].
    pub settlement: Option<Settlement>,
}

impl Judgement {
    /// A p-value against "candidate and reference are the same" that holds whenever one stops.
    pub fn p_value(&self) -> f64 {
        (1.0 / self.e_value).min(1.0)
    }

    /// The same evidence, but it does not count, for the reason given.
    pub(crate) fn withdrawn(&self, finding: Finding, settlement: Settlement) -> Self {
        Self {
            outcome: Outcome::Unsure,
            finding,
            severity: None,
            settlement: Some(settlement),
            ..*self
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::OneSided { false_alarm } => write!(
                f,
                "of {:.0} comparisons of equals, no more than one would ever look so one-sided",
                1.0 / false_alarm
            ),
            Finding::WithinMargin(margin) => {
                write!(f, "any difference is below {}", Percent(*margin))
            }
            Finding::AroundMargin(margin) => write!(
                f,
                "there is a difference, but whether it is as much as {} is open",
                Percent(*margin)
            ),
            Finding::Undecided => {
                f.write_str("what there is of a difference cannot be told from chance")
            }
            Finding::TooFew => f.write_str("so few pairs can decide nothing"),
            Finding::ControlFailed => f.write_str(
                "the reference compared with itself showed a difference, so the run is not to be trusted",
            ),
            Finding::Unconfirmed => {
                f.write_str("a difference showed, but it was not measured again in reversed order")
            }
            Finding::AmongMany => f.write_str(
                "among as many benchmarks a difference as clear as this one may well be chance",
            ),
            Finding::NotConfirmed => f.write_str(
                "a difference showed at first but not when measured again in reversed order",
            ),
        }
    }
}

impl fmt::Display for Settlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Settlement::MorePairs(1) => f.write_str("measure about 1 more pair"),
            Settlement::MorePairs(count) => write!(f, "measure about {count} more pairs"),
            Settlement::QuieterMachine => f.write_str(
                "use a quieter machine: the pairs differ too much for more of them to help",
            ),
            Settlement::OtherMargin => f.write_str(
                "set another margin: the difference is as large as this one, and more pairs would hardly place it",
            ),
            Settlement::RepairedRun => f.write_str(
                "see that both sides run alike and in the orders drawn by lot, and repeat the run",
            ),
        }
    }
}

/// One sentence: `slower (minor): 1.024× (1.012 to 1.037 at 95% whenever one stops, 31 pairs): of 200 …`.
impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.outcome)?;
        if let Some(severity) = self.severity {
            write!(f, " ({severity})")?;
        }
        let Estimate { value, interval, replication } = &self.ratio;
        write!(f, ": {}× (", Ratio(*value))?;
        match interval {
            Some(Interval { low, high, level }) => write!(
                f,
                "{} to {} at {} whenever one stops",
                Ratio(*low),
                Ratio(*high),
                Percent(*level)
            )?,
            None => f.write_str("no interval yet")?,
        }
        let plural = if replication.count == 1 { "" } else { "s" };
        write!(f, ", {} pair{plural}): {}", replication.count, self.finding)?;
        match &self.settlement {
            Some(settlement) => write!(f, "; {settlement}"),
            None => Ok(()),
        }
    }
}
