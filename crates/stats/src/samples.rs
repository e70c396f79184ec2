//! Raw values of one thing, in the order in which they were taken.

use serde::{Deserialize, Serialize};

use crate::{Outliers, Sorted, Summary};

/// Raw values of one thing in run order, in the caller's unit (nanoseconds, bytes, …).
///
/// Every value is finite and not negative. Nothing is ever dropped or reordered: the order carries
/// warm-up, drift and bursts, and whoever reads a stored run must be able to see them. It is stored
/// as a plain list of numbers, and reading one back makes the same checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct Samples(Vec<f64>);

/// A value that no timing, count or size can have.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InvalidSample {
    /// The value is NaN or infinite.
    #[error("sample {index} is {value}, but every sample must be a finite number")]
    NotFinite {
        /// Position in run order, from 0.
        index: usize,
        /// The value found there.
        value: f64,
    },
    /// The value is below zero.
    #[error("sample {index} is {value}, but a sample cannot be negative; check the clock")]
    Negative {
        /// Position in run order, from 0.
        index: usize,
        /// The value found there.
        value: f64,
    },
}

/// Accepts `value` as the sample at position `index`, or says what is wrong with it.
pub(crate) fn check(index: usize, value: f64) -> Result<(), InvalidSample> {
    if !value.is_finite() {
        Err(InvalidSample::NotFinite { index, value })
    } else if value < 0.0 {
        Err(InvalidSample::Negative { index, value })
    } else {
        Ok(())
    }
}

impl Samples {
    /// Takes values in run order.
    ///
    /// # Errors
    /// The first value that is NaN, infinite or negative.
    pub fn new(values: Vec<f64>) -> Result<Self, InvalidSample> {
        for (index, &value) in values.iter().enumerate() {
            check(index, value)?;
        }
        Ok(Self(values))
    }

    /// Appends the next value.
    ///
    /// # Errors
    /// A value that is NaN, infinite or negative; the samples stay as they were.
    pub fn push(&mut self, value: f64) -> Result<(), InvalidSample> {
        check(self.0.len(), value)?;
        self.0.push(value);
        Ok(())
    }

    /// The values in run order.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no value yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A sorted copy, from which quantiles are read; `None` without a sample.
    pub fn sorted(&self) -> Option<Sorted> {
        Sorted::new(self)
    }

    /// The samples far from the rest, and where in the run they lie.
    pub fn outliers(&self) -> Outliers {
        Outliers::new(self)
    }

    /// Location, spread and supported quantiles; `None` without a sample.
    pub fn summary(&self) -> Option<Summary> {
        self.sorted().map(|sorted| Summary::new(self, &sorted))
    }
}

impl TryFrom<Vec<f64>> for Samples {
    type Error = InvalidSample;

    fn try_from(values: Vec<f64>) -> Result<Self, InvalidSample> {
        Self::new(values)
    }
}

impl From<Samples> for Vec<f64> {
    fn from(samples: Samples) -> Self {
        samples.0
    }
}
