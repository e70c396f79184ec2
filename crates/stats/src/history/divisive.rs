//! Change points by energy distance, each put to a permutation test.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How sure a change point must be, and how it is tested.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DivisiveOptions {
    /// The p-value from which on a change point is not believed; 0.01 by default.
    pub significance: f64,
    /// The number of permutations of each test; 499 by default.
    pub permutations: usize,
    /// The fewest values between two change points; 3 by default, and at least 2.
    pub fewest: usize,
    /// The seed of the permutations.
    pub seed: u64,
}

impl Default for DivisiveOptions {
    fn default() -> Self {
        Self { significance: 0.01, permutations: 499, fewest: 3, seed: 0 }
    }
}

/// The change points of a series by E-divisive, ascending; a change point at `k` begins with value `k`.
///
/// The series is cut where the energy distance between the two parts is greatest, and each part is cut in
/// turn, until a permutation test no longer tells a cut from chance (Matteson and James, *A Nonparametric
/// Approach for Multiple Change Point Analysis of Multivariate Data*, JASA 109, 2014, with exponent 1). It
/// sees changes of spread and shape as well as of level. The second part of a cut always reaches to the
/// end, as where builds of a database are watched by it (Daly, Brown, Ingo, O'Leary and Bradford, *The Use
/// of Change Point Detection to Identify Software Performance Regressions in a Continuous Integration
/// System*, 2020), so a short excursion up and back may stay unseen in a long series.
///
/// A test is given up as soon as it is bound to fail (Besag and Clifford, *Sequential Monte Carlo
/// p-Values*, 1991). One permutation of `n` values takes `O(n²)`, so this is for some hundred values or for
/// series that [`analyse`](crate::analyse) found worth a second look.
pub fn e_divisive(values: &[f64], options: &DivisiveOptions) -> Vec<usize> {
    let fewest = options.fewest.max(2);
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let mut splits = Vec::new();
    let mut parts = vec![(0, values.len())];
    while let Some((from, to)) = parts.pop() {
        let part = &values[from..to];
        let Some((divergence, place)) = clearest_cut(part, fewest) else { continue };
        if is_chance(part, fewest, divergence, options, &mut rng) {
            continue;
        }
        splits.push(from + place);
        parts.extend([(from, from + place), (from + place, to)]);
    }
    splits.sort_unstable();
    splits
}

/// The cut with the greatest scaled energy distance, and that distance; `None` for too few values.
fn clearest_cut(values: &[f64], fewest: usize) -> Option<(f64, usize)> {
    let n = values.len();
    if n < 2 * fewest {
        return None;
    }
    // Sums of the distances within the left part, within the right part, and between the two.
    let (mut within_left, mut between) = (0.0, 0.0);
    let mut within_right: f64 = 0.0;
    for (i, a) in values.iter().enumerate() {
        within_right += values[..i].iter().map(|b| (a - b).abs()).sum::<f64>();
    }
    let mut best: Option<(f64, usize)> = None;
    for (k, value) in values.iter().enumerate() {
        // This value moves from the right part to the left one.
        let to_left: f64 = values[..k].iter().map(|other| (value - other).abs()).sum();
        let to_right: f64 = values[k + 1..].iter().map(|other| (value - other).abs()).sum();
        within_left += to_left;
        within_right -= to_right;
        between += to_right - to_left;
        let place = k + 1;
        if place < fewest || place + fewest > n {
            continue;
        }
        let (m, r) = (place as f64, (n - place) as f64);
        let energy = 2.0 * between / (m * r)
            - 2.0 * within_left / (m * (m - 1.0))
            - 2.0 * within_right / (r * (r - 1.0));
        let divergence = m * r / (m + r) * energy;
        if best.is_none_or(|(most, _)| divergence > most) {
            best = Some((divergence, place));
        }
    }
    best
}

/// Whether permutations of the values are cut as clearly too often.
fn is_chance(
    values: &[f64],
    fewest: usize,
    divergence: f64,
    options: &DivisiveOptions,
    rng: &mut ChaCha8Rng,
) -> bool {
    let allowed = options.significance * (options.permutations + 1) as f64;
    let mut permuted = values.to_vec();
    // The series itself is one of its permutations.
    let mut as_clear = 1;
    for _ in 0..options.permutations {
        if f64::from(as_clear) > allowed {
            return true;
        }
        permuted.shuffle(rng);
        // A series without any spread is cut as clearly by every permutation.
        as_clear += i32::from(
            clearest_cut(&permuted, fewest).is_some_and(|(other, _)| other >= divergence),
        );
    }
    f64::from(as_clear) > allowed
}
