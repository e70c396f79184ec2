//! Quantiles: which estimator, and which quantiles a sample count supports.

use crate::Samples;

/// A sorted, non-empty copy of some samples, from which quantiles are read.
///
/// # The estimator
/// Quantiles are Hyndman and Fan's type 8 (*Sample Quantiles in Statistical Packages*, The American
/// Statistician 50, 1996): linear interpolation at position `(n + 1/3)·p + 1/3`, counted from 1. It
/// is approximately median-unbiased whatever the distribution, which is why they recommend it. The
/// more common type 7 (the default of NumPy and R) lies below the true tail quantile more often than
/// above it: for 100 samples its p99 sits at the 98th percentile on average. A benchmark must not
/// understate its tail. All the types agree on the median.
///
/// # The sample-size rule
/// `quantile(p)` needs `n · min(p, 1 − p) ≥ 1`: at least one sample is expected beyond the quantile.
/// So p90 needs 10 samples, p99 needs 100, p99.9 needs 1000, and p1 needs as many as p99. With fewer
/// the figure would merely be the extreme, which has its own name. The median is always supported.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted(Vec<f64>);

/// The factor that makes the median absolute deviation estimate the standard deviation of a normal
/// distribution: 1 / Φ⁻¹(3/4).
pub const MAD_TO_STANDARD_DEVIATION: f64 = 1.482_602_218_505_602;

/// The smallest sample count that supports the quantile `p`, or `None` where `p` is not strictly
/// between 0 and 1 (the extremes are [`Sorted::min`] and [`Sorted::max`]).
pub fn samples_needed(p: f64) -> Option<usize> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    if p == 0.5 {
        return Some(1);
    }
    // The slack absorbs the rounding of 1 − p: ten samples do support p90, though 1 / (1 − 0.9) > 10.
    Some((1.0 / p.min(1.0 - p) * (1.0 - 1e-9)).ceil() as usize)
}

impl Sorted {
    /// Sorts a copy of the samples; `None` without a sample.
    pub fn new(samples: &Samples) -> Option<Self> {
        if samples.is_empty() {
            return None;
        }
        let mut values = samples.values().to_vec();
        values.sort_unstable_by(f64::total_cmp);
        Some(Self(values))
    }

    /// The values in ascending order.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// The smallest value.
    pub fn min(&self) -> f64 {
        self.0[0]
    }

    /// The largest value.
    pub fn max(&self) -> f64 {
        self.0[self.0.len() - 1]
    }

    /// The middle value, or the mean of the two middle values.
    pub fn median(&self) -> f64 {
        median_of_sorted(&self.0)
    }

    /// The quantile `p`, or `None` where the sample count does not support it (see the type).
    pub fn quantile(&self, p: f64) -> Option<f64> {
        (self.0.len() >= samples_needed(p)?).then(|| interpolate(&self.0, p))
    }

    /// The median absolute deviation from the median, in the samples' unit.
    ///
    /// Multiply by [`MAD_TO_STANDARD_DEVIATION`] to compare it with a standard deviation.
    pub fn median_absolute_deviation(&self) -> f64 {
        let median = self.median();
        let mut deviations: Vec<f64> = self.0.iter().map(|x| (x - median).abs()).collect();
        deviations.sort_unstable_by(f64::total_cmp);
        median_of_sorted(&deviations)
    }

    /// The smallest step between two different values: the clock's tick, as far as it shows.
    ///
    /// `None` where all values are equal.
    pub fn resolution(&self) -> Option<f64> {
        self.0
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .filter(|&step| step > 0.0)
            .min_by(f64::total_cmp)
    }
}

/// The median of sorted, non-empty values.
pub(crate) fn median_of_sorted(values: &[f64]) -> f64 {
    let n = values.len();
    0.5 * values[(n - 1) / 2] + 0.5 * values[n / 2]
}

/// Type 8 interpolation in sorted, non-empty values; positions beyond the ends give the ends.
pub(crate) fn interpolate(values: &[f64], p: f64) -> f64 {
    let n = values.len();
    let position = ((n as f64 + 1.0 / 3.0) * p + 1.0 / 3.0 - 1.0).clamp(0.0, (n - 1) as f64);
    let below = position.floor() as usize;
    let above = (below + 1).min(n - 1);
    let weight = position - below as f64;
    // Exact where both neighbours are equal, and never outside them.
    values[below] + weight * (values[above] - values[below])
}

/// The median of non-empty values, which it leaves in another order.
pub(crate) fn median_in_place(values: &mut [f64]) -> f64 {
    let n = values.len();
    let (below, &mut upper, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    if n % 2 == 1 {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    0.5 * lower + 0.5 * upper
}
