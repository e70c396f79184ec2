//! The quick time of a part in one process.

use crate::Samples;
use crate::sorted::interpolate;

/// The samples of a part are cut into so many stretches: what persists from one to the next shows as spread among them.
pub(super) const STRETCHES: usize = 10;

/// A part with fewer samples on either occasion is not judged.
const FEWEST: usize = 5;

const QUICK: f64 = 0.1;

/// The time that one in ten calls stays below. On a machine whose clock changes or that is shared, it says more of a part
/// than the median does: some calls are undisturbed nearly always.
pub fn quick(samples: &Samples) -> Option<f64> {
    (!samples.is_empty()).then(|| quick_of(samples.values().to_vec()))
}

fn quick_of(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    interpolate(&values, QUICK)
}

/// The logarithm of the quick time, and its variance from the quick times of stretches.
pub(super) fn log_quick(samples: &Samples) -> Option<(f64, f64)> {
    let values = samples.values();
    if values.len() < FEWEST || values.iter().any(|value| *value <= 0.0) {
        return None;
    }
    let stretches = STRETCHES.min(values.len());
    let logs: Vec<f64> = (0..stretches)
        .map(|place| {
            let at = |place: usize| place * values.len() / stretches;
            quick_of(values[at(place)..at(place + 1)].to_vec()).ln()
        })
        .collect();
    let count = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / count;
    let squares: f64 = logs.iter().map(|value| (value - mean).powi(2)).sum();
    Some((quick_of(values.to_vec()).ln(), squares / (count - 1.0) / count))
}
