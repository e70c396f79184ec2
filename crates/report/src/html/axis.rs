//! From values to places in a picture.

use tachy_measure::Unit;
use tachy_stats::Samples;

use crate::quantity::{NO_BREAK, Scale, quantity, significant};

/// Beyond this ratio of the slowest to the fastest, an axis is logarithmic.
const LINEAR_UP_TO: f64 = 30.0;

/// An axis: the range of its values, and whether it is logarithmic.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    pub(crate) logarithmic: bool,
    unit: Unit,
}

impl Axis {
    /// For times of several devices: from zero, or logarithmic where they are far apart.
    pub(crate) fn common(low: f64, high: f64, unit: Unit) -> Self {
        if low > 0.0 && high / low > LINEAR_UP_TO {
            Self { low: low * 0.8, high: high * 1.25, logarithmic: true, unit }
        } else {
            Self {
                low: 0.0,
                high: if high > 0.0 { high * 1.04 } else { 1.0 },
                logarithmic: false,
                unit,
            }
        }
    }

    /// For times of one device: no wider than they are.
    pub(crate) fn close(low: f64, high: f64, unit: Unit) -> Self {
        let room = ((high - low) * 0.07).max(high * 1e-3).max(f64::MIN_POSITIVE);
        Self { low: (low - room).max(0.0), high: high + room, logarithmic: false, unit }
    }

    /// Where a value lies: 0 at the low end, 1 at the high end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        if self.logarithmic {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// Whether a value lies on the axis.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// About `target` round values with their places and labels.
    pub(crate) fn ticks(&self, target: usize) -> Vec<(f64, String)> {
        let values = if self.logarithmic { self.decades() } else { self.steps(target) };
        let scale = Scale::of(self.high, self.unit);
        let label = |value: f64| match value {
            0.0 => "0".to_owned(),
            value if self.logarithmic => {
                quantity(value, self.unit).replace(".00", "").replace(".0", "")
            }
            value => format!("{}{NO_BREAK}{}", shortest(value / scale.size), scale.symbol),
        };
        values.into_iter().map(|value| (self.place(value), label(value))).collect()
    }

    fn steps(&self, target: usize) -> Vec<f64> {
        // Round in the unit that is shown: a step of 5 MiB, not of 5 million bytes.
        let scale = Scale::of(self.high, self.unit).size;
        let rough = (self.high - self.low) / scale / target as f64;
        let power = 10f64.powf(rough.log10().floor());
        let range = |step: f64| {
            let step = step * power * scale;
            (step, (self.low / step).ceil() as u64, (self.high / step).floor() as u64)
        };
        // The widest round step that is near the target and leaves three ticks or more.
        let steps = [5.0, 2.0, 1.0, 0.5].map(range);
        let wide = |(_, first, last): &&(f64, u64, u64)| last + 1 >= first + 3;
        let (step, first, last) = *steps.iter().find(wide).unwrap_or(&steps[3]);
        (first..=last).map(|count| count as f64 * step).collect()
    }

    fn decades(&self) -> Vec<f64> {
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let all = (first..=last).map(|power| 10f64.powi(power));
        all.filter(|value| self.holds(*value)).collect()
    }
}

/// A round number without zeros at its end.
fn shortest(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.len() > 8 { significant(value) } else { text.to_owned() }
}

/// The largest sample that a picture makes room for: three quartile ranges above the third quartile, Tukey's far
/// outliers, so that one interrupted call does not flatten all others.
pub(crate) fn upper_fence(samples: &Samples) -> f64 {
    let Some(sorted) = samples.sorted() else { return 0.0 };
    match (sorted.quantile(0.25), sorted.quantile(0.75)) {
        (Some(low), Some(high)) => sorted.max().min(high + 3.0 * (high - low).max(0.01 * high)),
        _ => sorted.max(),
    }
}

/// Every how many samples one is drawn, so that there are no more than `most`.
pub(crate) fn stride(count: usize, most: usize) -> usize {
    count.div_ceil(most).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis) -> Vec<String> {
        axis.ticks(5).into_iter().map(|(_, label)| label.replace(NO_BREAK, " ")).collect()
    }

    #[test]
    fn ticks_are_round() {
        let linear = Axis::common(30e-3, 72e-3, Unit::Seconds);
        assert_eq!(labels(linear), ["0", "20 ms", "40 ms", "60 ms"]);
        let logarithmic = Axis::common(84e-6, 1.2, Unit::Seconds);
        assert_eq!(labels(logarithmic), ["100 µs", "1 ms", "10 ms", "100 ms", "1 s"]);
        let close = Axis::close(30.1e-3, 30.9e-3, Unit::Seconds);
        assert_eq!(labels(close), ["30.2 ms", "30.4 ms", "30.6 ms", "30.8 ms"]);
    }

    #[test]
    fn equal_samples_have_an_axis_too() {
        let axis = Axis::close(1e-3, 1e-3, Unit::Seconds);
        assert!((axis.place(1e-3) - 0.5).abs() < 1e-6);
        assert!(!axis.ticks(4).is_empty());
    }
}
