//! Faster, slower, same or unsure, with the evidence.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::figures::{Percent, Ratio};
use crate::typical::{LogRatio, LogTypical};
use crate::{
    ComparisonOptions, Estimate, Interval, Pairing, ReplicationUnit, Samples, StatisticsError,
};

/// How a candidate compares with a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The whole interval of the ratio lies below 1, and not within the margin.
    Faster,
    /// The whole interval of the ratio lies above 1, and not within the margin.
    Slower,
    /// The whole interval lies within the margin around 1: any difference does not matter.
    Same,
    /// The data do not say.
    Unsure,
}

/// Why the outcome is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The interval leaves 1 out.
    IntervalExcludesOne,
    /// The interval lies within the margin (a share) around 1.
    WithinMargin(f64),
    /// The interval holds 1 and reaches beyond the margin.
    IntervalIncludesOne,
    /// At least one side ran in a single process, and the unit of replication is the process.
    OneProcess,
}

/// What would turn an unsure verdict into a sure one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Measure each device in this many processes, if further ones vary as those seen.
    MoreProcesses(usize),
    /// More processes would not do within reason: the processes of a device differ too much.
    QuieterMachine,
}

/// The comparison of a candidate with a reference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Faster, slower, same or unsure.
    pub outcome: Outcome,
    /// The candidate's typical value divided by the reference's, with its interval and the number of
    /// processes behind it. Below 1, the candidate is faster.
    pub ratio: Estimate,
    /// Why the outcome is what it is.
    pub reason: Reason,
    /// What would settle it; only where the outcome is [`Outcome::Unsure`].
    pub remedy: Option<Remedy>,
}

/// How many processes to ask for where there is only one, and so no spread to reckon with.
const FIRST_PROCESSES: usize = 5;

/// Beyond this many processes per device, a quieter machine is the better advice.
const MOST_PROCESSES: usize = 30;

/// Compares the processes of two devices.
///
/// # Errors
/// No process, a process without samples, a median of zero, or invalid options.
pub fn compare(
    candidate: &[Samples],
    reference: &[Samples],
    options: &ComparisonOptions,
) -> Result<Verdict, StatisticsError> {
    options.check()?;
    let candidate = LogTypical::new(candidate, &options.resampling)?;
    let reference = LogTypical::new(reference, &options.resampling)?;
    Ok(Verdict::new(
        &LogRatio::new(&candidate, &reference, options.pairing),
        options.level,
        options.margin,
    ))
}

/// As [`compare`], for two occasions on which the machine itself may have been faster or slower: `speeds` are the
/// candidate's and the reference's samples of a kernel that never changes. By what its typical time has changed, all
/// times have, and that is taken out; what is not known of it widens the interval.
///
/// # Errors
/// As [`compare`], for any of the four.
pub fn compare_relative(
    candidate: &[Samples],
    reference: &[Samples],
    speeds: [&[Samples]; 2],
    options: &ComparisonOptions,
) -> Result<Verdict, StatisticsError> {
    options.check()?;
    let typical = |processes| LogTypical::new(processes, &options.resampling);
    let ratio = LogRatio::new(&typical(candidate)?, &typical(reference)?, Pairing::Independent);
    let speed = LogRatio::new(&typical(speeds[0])?, &typical(speeds[1])?, Pairing::Independent);
    Ok(Verdict::new(&ratio.relative_to(&speed), options.level, options.margin))
}

impl Verdict {
    pub(crate) fn new(ratio: &LogRatio, level: f64, margin: f64) -> Self {
        let estimate = ratio.estimate(level);
        let (outcome, reason) = judge(&estimate, margin);
        let remedy = (outcome == Outcome::Unsure).then(|| remedy(ratio, &estimate, level, margin));
        Self { outcome, ratio: estimate, reason, remedy }
    }

    /// The same evidence with the two sides exchanged.
    pub fn reversed(&self) -> Self {
        let mut reversed = *self;
        reversed.outcome = match self.outcome {
            Outcome::Faster => Outcome::Slower,
            Outcome::Slower => Outcome::Faster,
            same => same,
        };
        reversed.ratio.value = 1.0 / self.ratio.value;
        if let Some(interval) = &mut reversed.ratio.interval {
            (interval.low, interval.high) =
                (1.0 / interval.high, (1.0 / interval.low).min(f64::MAX));
        }
        reversed
    }
}

fn judge(ratio: &Estimate, margin: f64) -> (Outcome, Reason) {
    let Some(interval) =
        ratio.interval.filter(|_| ratio.replication.unit == ReplicationUnit::Process)
    else {
        return (Outcome::Unsure, Reason::OneProcess);
    };
    if interval.low >= 1.0 / (1.0 + margin) && interval.high <= 1.0 + margin {
        (Outcome::Same, Reason::WithinMargin(margin))
    } else if interval.high < 1.0 {
        (Outcome::Faster, Reason::IntervalExcludesOne)
    } else if interval.low > 1.0 {
        (Outcome::Slower, Reason::IntervalExcludesOne)
    } else {
        (Outcome::Unsure, Reason::IntervalIncludesOne)
    }
}

fn remedy(ratio: &LogRatio, estimate: &Estimate, level: f64, margin: f64) -> Remedy {
    if estimate.replication.unit == ReplicationUnit::Block {
        return Remedy::MoreProcesses(FIRST_PROCESSES);
    }
    // Either the interval shrinks until it leaves 1 out, or until it fits into the margin.
    let distance = estimate.value.ln().abs();
    let target = distance.max(margin.ln_1p() - distance);
    match ratio.processes_needed(target, level, MOST_PROCESSES) {
        Some(count) => Remedy::MoreProcesses(count),
        None => Remedy::QuieterMachine,
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Faster => "faster",
            Outcome::Slower => "slower",
            Outcome::Same => "same",
            Outcome::Unsure => "unsure",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::IntervalExcludesOne => f.write_str("the interval of the ratio leaves 1 out"),
            Reason::WithinMargin(margin) => {
                write!(f, "any difference is below {:.3}%", margin * 100.0)
            }
            Reason::IntervalIncludesOne => f.write_str("the interval of the ratio holds 1"),
            Reason::OneProcess => f.write_str(
                "a device ran in one process only, which says nothing about the next process",
            ),
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remedy::MoreProcesses(count) => write!(f, "measure each device in about {count} processes"),
            Remedy::QuieterMachine => {
                f.write_str("use a quieter machine: processes of one device differ too much for more of them to help")
            }
        }
    }
}

/// One sentence: `faster: 0.831× (0.815 to 0.847 at 95%, 5 processes): the interval …`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Estimate { value, interval, replication } = &self.ratio;
        write!(f, "{}: {}× (", self.outcome, Ratio(*value))?;
        match interval {
            Some(Interval { low, high, level }) => {
                write!(f, "{} to {} at {}", Ratio(*low), Ratio(*high), Percent(*level))?
            }
            None => f.write_str("no interval")?,
        }
        write!(f, ", {replication}): {}", self.reason)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}
