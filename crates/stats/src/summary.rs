//! What a series of samples looks like, in a handful of numbers.

use serde::{Deserialize, Serialize};

use crate::{MAD_TO_STANDARD_DEVIATION, Samples, Sorted};

/// Location, spread and quantiles of some samples, all in the samples' unit.
///
/// A quantile that the sample count does not support is `None`; see [`Sorted`] for the rule and the
/// estimator, and [`Sorted::quantile`] for other quantiles than these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many samples there are.
    pub count: usize,
    /// The smallest sample.
    pub min: f64,
    /// The largest sample.
    pub max: f64,
    /// The arithmetic mean: right for totals, misled by outliers.
    pub mean: f64,
    /// The median: the typical sample.
    pub median: f64,
    /// The median absolute deviation from the median.
    pub median_absolute_deviation: f64,
    /// The first quartile.
    pub p25: Option<f64>,
    /// The third quartile.
    pub p75: Option<f64>,
    /// The 90th percentile.
    pub p90: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The 99.9th percentile.
    pub p99_9: Option<f64>,
}

impl Summary {
    /// Summarises samples of which a sorted copy exists already.
    pub(crate) fn new(samples: &Samples, sorted: &Sorted) -> Self {
        let count = samples.len();
        // Divide before adding, so that the sum of huge samples cannot overflow.
        let mean: f64 = samples.values().iter().map(|x| x / count as f64).sum();
        Self {
            count,
            min: sorted.min(),
            max: sorted.max(),
            // Rounding may push the mean of equal samples past them by an ulp.
            mean: mean.clamp(sorted.min(), sorted.max()),
            median: sorted.median(),
            median_absolute_deviation: sorted.median_absolute_deviation(),
            p25: sorted.quantile(0.25),
            p75: sorted.quantile(0.75),
            p90: sorted.quantile(0.90),
            p95: sorted.quantile(0.95),
            p99: sorted.quantile(0.99),
            p99_9: sorted.quantile(0.999),
        }
    }

    /// The median absolute deviation, scaled to estimate a normal distribution's standard deviation.
    pub fn scaled_median_absolute_deviation(&self) -> f64 {
        self.median_absolute_deviation * MAD_TO_STANDARD_DEVIATION
    }
}
