//! The exact place of a step that is known to be near.

use super::ranks::{normal_scores, ranks};

/// No more values than this on either side are looked at: further ones say nothing about the place.
const REACH: usize = 60;

/// The split in `from + least ..= to − least` at which values step most clearly, given a split near it.
///
/// Least squares on the normal scores of a window with as many values on one side as on the other. A window
/// is balanced so that the two levels meet at its median rank, whatever the shape of the noise: values of a
/// second mode, or far out, are on their level's side of it.
pub(crate) fn locate(values: &[f64], from: usize, near: usize, to: usize, least: usize) -> usize {
    let mut split = near;
    // Each round centres the window on the place found by the one before.
    for _ in 0..4 {
        let reach = (split - from).min(to - split).min(REACH);
        let (start, end) = (split - reach, split + reach);
        let scores = normal_scores(&ranks(&values[start..end]));
        let count = scores.len() as f64;
        let mut sum = 0.0;
        let mut best = (f64::NEG_INFINITY, split);
        for (k, score) in scores.iter().enumerate() {
            let place = start + k;
            if k > 0 && place >= from + least && place + least <= to {
                // The sum of all is zero.
                let contrast = sum * sum * count / (k as f64 * (count - k as f64));
                if contrast > best.0 {
                    best = (contrast, place);
                }
            }
            sum += score;
        }
        if best.1 == split {
            break;
        }
        split = best.1;
    }
    split
}
