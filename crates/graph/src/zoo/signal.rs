//! What a model's values are like before it runs.

use crate::graph::ValueId;
use crate::op::elementwise::Unary;

/// A value, and the mean and variance of each of its channels when the model's input is noise of mean 0 and
/// variance 1, as far as independence holds.
///
/// The statistics of batch normalisation follow from them. A trained model's fit its data in the same way; with
/// statistics that do not fit, signals die out from layer to layer until the output hardly depends on the input.
#[derive(Debug, Clone)]
pub(super) struct Signal {
    pub value: ValueId,
    pub mean: Vec<f64>,
    pub variance: Vec<f64>,
}

impl Signal {
    /// A value of so many channels of noise.
    pub(super) fn noise(value: ValueId, channels: usize) -> Self {
        Self { value, mean: vec![0.0; channels], variance: vec![1.0; channels] }
    }

    /// Another value with the moments of this one after a function of every element, if these are normal.
    pub(super) fn after(&self, value: ValueId, function: Unary) -> Self {
        let apply = |x: f64| match function {
            Unary::Relu => x.max(0.0),
            Unary::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
            other => unreachable!("no model of the zoo has {other:?} where moments matter"),
        };
        let channels = self.mean.iter().zip(&self.variance);
        let moments = channels.map(|(mean, variance)| {
            let deviation = variance.sqrt();
            let first = expectation(|z| apply(mean + deviation * z));
            let second = expectation(|z| apply(mean + deviation * z).powi(2));
            (first, (second - first * first).max(0.0))
        });
        let (mean, variance) = moments.unzip();
        Self { value, mean, variance }
    }

    /// Another value whose channels are those of this one times a factor each.
    pub(super) fn scaled(
        &self,
        value: ValueId,
        factors: impl Iterator<Item = f64> + Clone,
    ) -> Self {
        let mean = self.mean.iter().zip(factors.clone()).map(|(mean, factor)| mean * factor);
        let variance = self.variance.iter().zip(factors).map(|(v, factor)| v * factor * factor);
        Self { value, mean: mean.collect(), variance: variance.collect() }
    }

    /// Another value that is the sum of this one and another.
    pub(super) fn plus(&self, value: ValueId, other: &Self) -> Self {
        let add = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect();
        let mean = add(&self.mean, &other.mean);
        Self { value, mean, variance: add(&self.variance, &other.variance) }
    }

    /// The moments of the largest of nine independent elements of each channel, if these are normal (Tippett, 1925).
    pub(super) fn largest_of_nine(&self) -> Self {
        let channels = self.mean.iter().zip(&self.variance);
        let mean = channels.map(|(mean, variance)| mean + 1.485 * variance.sqrt()).collect();
        let variance = self.variance.iter().map(|variance| 0.357 * variance).collect();
        Self { value: self.value, mean, variance }
    }
}

/// The expectation of a function of a standard normal number, by the trapezoidal rule.
fn expectation(function: impl Fn(f64) -> f64) -> f64 {
    const STEPS: i32 = 64;
    const WIDTH: f64 = 6.0;
    let points = (-STEPS..=STEPS).map(|step| WIDTH * f64::from(step) / f64::from(STEPS));
    let (sum, total) = points.fold((0.0, 0.0), |(sum, total), z| {
        let weight = libm::exp(-0.5 * z * z);
        (sum + weight * function(z), total + weight)
    });
    sum / total
}
