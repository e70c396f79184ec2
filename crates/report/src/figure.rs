//! One metric of one device, ready to be told.

use tachy_measure::{Measured, Measurement, Metric, Unit};
use tachy_stats::{ComparisonOptions, Estimate, Summary, typical};

/// One metric of one device.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) metric: Metric,
    /// The unit of the values.
    pub(crate) unit: Unit,
    /// The typical value: the geometric mean of the processes' medians, with its interval. `None` where a median is
    /// zero, of which no interval can be told.
    pub(crate) estimate: Option<Estimate>,
    /// All samples of all processes together.
    pub(crate) summary: Summary,
}

impl Figure {
    /// The figure of a metric, if it was measured.
    pub(crate) fn new(measured: &Measured, metric: Metric) -> Option<Self> {
        Self::of(measured.metric(metric)?)
    }

    /// The figure of a measurement, if it has a sample.
    pub(crate) fn of(measurement: &Measurement) -> Option<Self> {
        let estimate = typical(&measurement.processes(), &ComparisonOptions::default()).ok();
        let summary = measurement.pooled().summary()?;
        let (metric, unit) = (measurement.metric, measurement.unit);
        Some(Self { metric, unit, estimate, summary })
    }

    /// The best single value.
    pub(crate) fn value(&self) -> f64 {
        self.estimate.map_or(self.summary.median, |estimate| estimate.value)
    }
}
