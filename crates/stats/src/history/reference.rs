//! The speed of the machine taken out of a history.

use serde::{Deserialize, Serialize};

use super::ranks::{normal_scores, ranks};
use crate::sorted::median_in_place;
use crate::{InvalidSample, Samples};

/// How the time of a reference kernel that was taken beside each value is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpeedRemoval {
    /// By division: a machine half as fast is taken to double the value.
    Division,
    /// By as much as values have followed the reference: not at all for what a slower clock does not slow,
    /// such as waiting for memory, and in full for what it does.
    #[default]
    Regression,
}

/// A reference that cannot stand beside a history.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InvalidReference {
    /// The reference was not timed beside each value, or beside more.
    #[error(
        "there are {values} values but {references} times of the reference; time it once beside each value"
    )]
    Unequal {
        /// The number of values.
        values: usize,
        /// The number of times of the reference.
        references: usize,
    },
    /// A time of the reference is zero.
    #[error("the reference took no time beside value {index}; let it run for longer")]
    Zero {
        /// Position of the value, from 0.
        index: usize,
    },
    /// A value with the machine's speed taken out is beyond what a number holds.
    #[error("a value without the machine's speed is no number: {0}")]
    Overflow(#[from] InvalidSample),
}

/// Fewer pairs of neighbours say too little about how values follow the reference.
const FEWEST_FOR_REGRESSION: usize = 8;

/// The values as they would have been had the reference kernel always taken its median time, and the
/// exponent `β` that was used: `value · (median / reference)^β`.
///
/// `β` is 1 for [`SpeedRemoval::Division`]. For [`SpeedRemoval::Regression`] it is the slope, between 0 and
/// 1, of the changes from one commit to the next in the value's logarithm over those in the reference's:
/// changes rather than levels, so that a commit's own step, or a drift of the code beside one of the
/// machine, does not pass for the machine's doing. Changes are weighted by the normal scores of the
/// reference's changes rather than by their size, which no outlier bends (an instrumental variable, as
/// Durbin 1954 has ranks). Where there are fewer than eight changes, or the reference never changes, `β` is 0 for
/// want of evidence.
///
/// # Errors
/// A reference of zero, or fewer or more references than values.
pub fn remove_machine_speed(
    values: &Samples,
    reference: &Samples,
    removal: SpeedRemoval,
) -> Result<(Samples, f64), InvalidReference> {
    let (values, reference) = (values.values(), reference.values());
    if values.len() != reference.len() {
        return Err(InvalidReference::Unequal {
            values: values.len(),
            references: reference.len(),
        });
    }
    if let Some(index) = reference.iter().position(|&time| time == 0.0) {
        return Err(InvalidReference::Zero { index });
    }
    if values.is_empty() {
        return Ok((Samples::default(), 0.0));
    }
    let exponent = match removal {
        SpeedRemoval::Division => 1.0,
        SpeedRemoval::Regression => followed(values, reference),
    };
    let typical = median_in_place(&mut reference.to_vec());
    let freed = values.iter().zip(reference).map(|(v, r)| v * (typical / r).powf(exponent));
    Ok((Samples::new(freed.collect())?, exponent))
}

/// By which power of the reference the values changed along with it.
fn followed(values: &[f64], reference: &[f64]) -> f64 {
    let log_changes = |series: &[f64]| -> Vec<f64> {
        series.windows(2).map(|pair| pair[1].ln() - pair[0].ln()).collect()
    };
    let (of_values, of_reference) = (log_changes(values), log_changes(reference));
    // A value of zero has no logarithm; its neighbours' changes are left out.
    let pairs: Vec<(f64, f64)> =
        of_values.into_iter().zip(of_reference).filter(|(value, _)| value.is_finite()).collect();
    if pairs.len() < FEWEST_FOR_REGRESSION {
        return 0.0;
    }
    let changes: Vec<f64> = pairs.iter().map(|(_, reference)| *reference).collect();
    let weights = normal_scores(&ranks(&changes));
    let along = |pick: fn(&(f64, f64)) -> f64| -> f64 {
        pairs.iter().zip(&weights).map(|(pair, weight)| pick(pair) * weight).sum()
    };
    let (value, reference) = (along(|pair| pair.0), along(|pair| pair.1));
    if reference > 0.0 { (value / reference).clamp(0.0, 1.0) } else { 0.0 }
}
