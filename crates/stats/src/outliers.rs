//! Samples far from the rest, and where in the run they lie.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Samples, Sorted};

/// Samples beyond Tukey's fences, in run order.
///
/// With the quartiles Q1 and Q3 and their distance IQR, a sample beyond `Q1 − 1.5·IQR` or
/// `Q3 + 1.5·IQR` is an outlier, and a severe one beyond 3·IQR (Tukey, *Exploratory Data Analysis*,
/// 1977). The quartiles stand even if nearly a quarter of the samples are wild. On a coarse clock most
/// samples may be equal and the IQR zero; it is therefore taken as at least a thousandth of the median,
/// so that the next tick is no outlier. With fewer than four samples there are no quartiles and no
/// outliers.
///
/// Outliers are reported, never removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outliers {
    /// How many samples were looked at.
    pub samples: usize,
    /// Samples below Q1 − 3·IQR.
    pub low_severe: usize,
    /// Other samples below Q1 − 1.5·IQR.
    pub low_mild: usize,
    /// Samples above Q3 + 1.5·IQR, but not above Q3 + 3·IQR.
    pub high_mild: usize,
    /// Samples above Q3 + 3·IQR.
    pub high_severe: usize,
    /// The positions of all of them in run order, ascending.
    pub indices: Vec<usize>,
    /// How they lie in the run.
    pub pattern: OutlierPattern,
}

/// Where in the run outliers lie.
///
/// They lie together if there are at least three, and four fifths of them fall into a tenth of the run
/// (or into little more than the room they need, if they are many). Three that lie anywhere by chance
/// do so in 3% of the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutlierPattern {
    /// There are none.
    None,
    /// At the beginning: the series was not warm.
    Beginning,
    /// At the end: something began to disturb the run.
    End,
    /// Together somewhere between: a passing disturbance.
    Burst {
        /// The position of the first outlier of the burst.
        first: usize,
        /// The position of the last one.
        last: usize,
    },
    /// Here and there.
    Scattered,
}

/// The smallest IQR, as a share of the median.
const SMALLEST_RANGE: f64 = 1e-3;

impl Outliers {
    /// Finds the outliers of a series.
    pub fn new(samples: &Samples) -> Self {
        let mut found = Self {
            samples: samples.len(),
            low_severe: 0,
            low_mild: 0,
            high_mild: 0,
            high_severe: 0,
            indices: Vec::new(),
            pattern: OutlierPattern::None,
        };
        let Some((low, high, range)) = samples.sorted().and_then(|sorted| quartiles(&sorted))
        else {
            return found;
        };
        for (index, &value) in samples.values().iter().enumerate() {
            let (below, above) = ((low - value) / range, (value - high) / range);
            let counter = if below > 3.0 {
                &mut found.low_severe
            } else if below > 1.5 {
                &mut found.low_mild
            } else if above > 3.0 {
                &mut found.high_severe
            } else if above > 1.5 {
                &mut found.high_mild
            } else {
                continue;
            };
            *counter += 1;
            found.indices.push(index);
        }
        found.pattern = pattern(&found.indices, samples.len());
        found
    }

    /// How many outliers there are.
    pub fn count(&self) -> usize {
        self.indices.len()
    }
}

/// The quartiles and the distance that counts as the one between them.
fn quartiles(sorted: &Sorted) -> Option<(f64, f64, f64)> {
    let (low, high) = (sorted.quantile(0.25)?, sorted.quantile(0.75)?);
    // Zero only if three quarters of the samples are zero; then any other sample stands out.
    let smallest = (SMALLEST_RANGE * sorted.median()).max(f64::MIN_POSITIVE);
    Some((low, high, (high - low).max(smallest)))
}

fn pattern(indices: &[usize], samples: usize) -> OutlierPattern {
    let count = indices.len();
    if count == 0 {
        return OutlierPattern::None;
    }
    if count < 3 {
        return OutlierPattern::Scattered;
    }
    let most = (count * 4).div_ceil(5);
    let reach = (samples / 10).max((count * 5).div_ceil(4));
    if indices[most - 1] < reach {
        return OutlierPattern::Beginning;
    }
    if samples - indices[count - most] <= reach {
        return OutlierPattern::End;
    }
    // The tightest run of enough outliers.
    let burst = indices.windows(most).min_by_key(|run| run[most - 1] - run[0]);
    match burst {
        Some(run) if run[most - 1] - run[0] < reach => {
            OutlierPattern::Burst { first: run[0], last: run[most - 1] }
        }
        _ => OutlierPattern::Scattered,
    }
}

/// One sentence, such as `12 of 1000 samples are outliers (10 mild and 1 severe high, 1 mild low), at the
/// beginning of the run`.
impl fmt::Display for Outliers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count();
        if count == 0 {
            return write!(f, "none of {} samples is an outlier", self.samples);
        }
        let verb = if count == 1 { "is an outlier" } else { "are outliers" };
        write!(f, "{count} of {} samples {verb} (", self.samples)?;
        let sides =
            [(self.high_mild, self.high_severe, "high"), (self.low_mild, self.low_severe, "low")];
        let mut separator = "";
        for (mild, severe, side) in sides {
            match (mild, severe) {
                (0, 0) => continue,
                (mild, 0) => write!(f, "{separator}{mild} mild {side}")?,
                (0, severe) => write!(f, "{separator}{severe} severe {side}")?,
                (mild, severe) => write!(f, "{separator}{mild} mild and {severe} severe {side}")?,
            }
            separator = ", ";
        }
        f.write_str(")")?;
        match self.pattern {
            OutlierPattern::None | OutlierPattern::Scattered => Ok(()),
            OutlierPattern::Beginning => f.write_str(", at the beginning of the run"),
            OutlierPattern::End => f.write_str(", at the end of the run"),
            OutlierPattern::Burst { first, last } => {
                write!(f, ", in a burst from sample {first} to {last}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 samples between 100 and 110, with some replaced.
    fn outliers(replaced: &[(usize, f64)]) -> Outliers {
        let mut values: Vec<f64> = (0..200).map(|i| 100.0 + (i * 37 % 11) as f64).collect();
        for &(index, value) in replaced {
            values[index] = value;
        }
        Outliers::new(&Samples::new(values).unwrap())
    }

    #[test]
    fn sentences_say_how_many_how_far_and_where() {
        let sentence = |replaced: &[(usize, f64)]| outliers(replaced).to_string();
        assert_eq!(sentence(&[]), "none of 200 samples is an outlier");
        assert_eq!(sentence(&[(50, 125.0)]), "1 of 200 samples is an outlier (1 mild high)");
        assert_eq!(
            sentence(&[(0, 500.0), (1, 300.0), (2, 122.0), (150, 50.0)]),
            "4 of 200 samples are outliers (1 mild and 2 severe high, 1 severe low)"
        );
        assert_eq!(
            sentence(&[(0, 500.0), (1, 300.0), (2, 200.0), (3, 190.0), (150, 50.0)]),
            "5 of 200 samples are outliers (4 severe high, 1 severe low), at the beginning of the run"
        );
        assert!(
            sentence(&[(190, 500.0), (195, 300.0), (199, 200.0)])
                .ends_with("at the end of the run")
        );
        assert!(
            sentence(&[(90, 500.0), (95, 300.0), (99, 200.0)])
                .ends_with("in a burst from sample 90 to 99")
        );
        assert_eq!(
            outliers(&[(10, 500.0), (95, 300.0), (180, 200.0)]).pattern,
            OutlierPattern::Scattered
        );
    }

    #[test]
    fn many_outliers_at_the_beginning_are_seen_as_such() {
        let cold: Vec<(usize, f64)> = (0..40).map(|i| (i, 300.0)).collect();
        let found = outliers(&cold);
        assert_eq!((found.high_severe, found.pattern), (40, OutlierPattern::Beginning));
        assert_eq!(found.indices, (0..40).collect::<Vec<_>>());
    }

    #[test]
    fn the_next_tick_of_a_coarse_clock_is_no_outlier() {
        let mut values = vec![1000.0; 100];
        values[40] = 1001.0;
        values[60] = 1500.0;
        let found = Outliers::new(&Samples::new(values).unwrap());
        assert_eq!(found.indices, [60]);
        let idle = Outliers::new(&Samples::new(vec![0.0; 10]).unwrap());
        assert_eq!(idle.count(), 0);
        assert_eq!(Outliers::new(&Samples::new(vec![1.0, 1.0, 900.0]).unwrap()).count(), 0);
    }
}
