//! By how much parts differ between two occasions that did not change.

use crate::MAD_TO_STANDARD_DEVIATION;

/// Nine tenths of normal values lie within so many deviations.
const NORMAL_90: f64 = 1.644_853_626_951_472_7;

/// Halvings of the range in which the spread is looked for.
const HALVINGS: usize = 40;

/// The variance that, beside what is not known of each, makes changes lie as far off the middle as they do: pairs of a
/// square distance and its variance. Normal values would need the same by their median as by the tenth that lies farthest
/// off; these have long tails, and few of them changed, so what needs more counts.
pub(super) fn among(off: &[(f64, f64)]) -> f64 {
    let is_enough = |among: f64| {
        let mut shares: Vec<f64> = off
            .iter()
            .map(|(square, variance)| match square {
                0.0 => 0.0,
                square => square / (variance + among),
            })
            .collect();
        shares.sort_unstable_by(f64::total_cmp);
        let last = shares.len().saturating_sub(1) as f64;
        let at = |share: f64| shares.get((last * share) as usize).map_or(0.0, |it| it.sqrt());
        at(0.5) * MAD_TO_STANDARD_DEVIATION <= 1.0 && at(0.9) <= NORMAL_90
    };
    if is_enough(0.0) {
        return 0.0;
    }
    let farthest = off.iter().map(|(square, _)| *square).fold(0.0, f64::max);
    // All within one deviation is enough for both.
    let (mut low, mut high) = (0.0, farthest * MAD_TO_STANDARD_DEVIATION.powi(2));
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if is_enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
