//! The greatest contrast among many splits, and how great it comes out by chance.

use statrs::distribution::{ContinuousCDF, Normal};

/// Sums of the first 0, 1, …, n values.
pub(crate) fn prefix_sums(values: &[f64]) -> Vec<f64> {
    let mut sums = Vec::with_capacity(values.len() + 1);
    let mut sum = 0.0;
    sums.push(sum);
    sums.extend(values.iter().map(|value| {
        sum += value;
        sum
    }));
    sums
}

/// Intervals of a series in which to look for a split: the whole, and halves of halves, each overlapping its
/// neighbours by half. Whatever lies far enough apart from other steps has an interval of its own, and all
/// are together no longer than `2 n log n` (Kovács, Bühlmann, Li and Munk, *Seeded Binary Segmentation*,
/// Biometrika 110, 2023).
pub(crate) struct Seeded {
    /// For each layer the length of its intervals and `length / (k (length − k))` for each split `k`.
    layers: Vec<(usize, Vec<f64>)>,
    count: usize,
}

/// Shorter intervals are not looked at.
const SHORTEST: usize = 8;

impl Seeded {
    pub(crate) fn new(count: usize) -> Self {
        let mut layers = Vec::new();
        let mut length = count;
        while length >= SHORTEST || layers.is_empty() {
            let weight = |k: usize| length as f64 / (k as f64 * (length - k) as f64);
            layers.push((length, (1..length).map(weight).collect()));
            length = length.div_ceil(2);
        }
        Self { layers, count }
    }

    fn starts(&self, length: usize) -> impl Iterator<Item = usize> {
        let last = self.count - length;
        (0..last).step_by((length / 2).max(1)).chain([last])
    }

    /// The threshold that a squared contrast of independent standard normal values exceeds anywhere with a
    /// probability of `false_alarm` at most.
    pub(crate) fn threshold(&self, false_alarm: f64) -> f64 {
        let layers: Vec<(f64, usize)> = self
            .layers
            .iter()
            .map(|&(length, _)| (self.starts(length).count() as f64, length))
            .collect();
        let chance = |contrast: f64| -> f64 {
            layers
                .iter()
                .map(|&(intervals, length)| intervals * scan_p_value(contrast, length))
                .sum()
        };
        let (mut low, mut high) = (1.0, 12.0);
        // Fourteen halvings leave less than a thousandth.
        for _ in 0..14 {
            let middle = 0.5 * (low + high);
            if chance(middle) > false_alarm {
                low = middle;
            } else {
                high = middle;
            }
        }
        high * high
    }

    /// Whether a squared contrast anywhere reaches the threshold.
    pub(crate) fn exceeds(&self, sums: &[f64], threshold: f64) -> bool {
        self.layers.iter().any(|(length, weights)| {
            self.starts(*length)
                .any(|start| greatest(&sums[start..=start + length], weights) >= threshold)
        })
    }

    /// The best split of each interval whose squared contrast reaches the threshold, ascending.
    pub(crate) fn candidates(&self, sums: &[f64], threshold: f64) -> Vec<usize> {
        let mut splits = Vec::new();
        for (length, weights) in &self.layers {
            for start in self.starts(*length) {
                let sums = &sums[start..=start + length];
                let most = greatest(sums, weights);
                if most >= threshold {
                    let best = contrasts(sums, weights).position(|contrast| contrast >= most);
                    splits.extend(best.map(|best| start + 1 + best));
                }
            }
        }
        splits.sort_unstable();
        splits.dedup();
        splits
    }
}

/// The squared contrasts of an interval, given its prefix sums, for each split.
fn contrasts(sums: &[f64], weights: &[f64]) -> impl Iterator<Item = f64> {
    let (first, last) = (sums[0], sums[sums.len() - 1]);
    let mean = (last - first) / (sums.len() - 1) as f64;
    sums[1..].iter().zip(weights).enumerate().map(move |(k, (sum, weight))| {
        let surplus = sum - first - (k + 1) as f64 * mean;
        surplus * surplus * weight
    })
}

fn greatest(sums: &[f64], weights: &[f64]) -> f64 {
    const LANES: usize = 4;
    let (first, last) = (sums[0], sums[sums.len() - 1]);
    let mean = (last - first) / (sums.len() - 1) as f64;
    // Several running maxima side by side: a single one would have each step wait for the one before.
    let mut most = [0.0_f64; LANES];
    let mut places: [f64; LANES] = std::array::from_fn(|lane| (lane + 1) as f64);
    let (sums, sums_left) = sums[1..sums.len() - 1].as_chunks::<LANES>();
    let (weights, weights_left) = weights.as_chunks::<LANES>();
    for (sums, weights) in sums.iter().zip(weights) {
        for lane in 0..LANES {
            let surplus = sums[lane] - first - places[lane] * mean;
            let contrast = surplus * surplus * weights[lane];
            most[lane] = if contrast > most[lane] { contrast } else { most[lane] };
            places[lane] += LANES as f64;
        }
    }
    for (lane, (sum, weight)) in sums_left.iter().zip(weights_left).enumerate() {
        let surplus = sum - first - places[lane] * mean;
        most[lane] = most[lane].max(surplus * surplus * weight);
    }
    most.into_iter().fold(0.0, f64::max)
}

/// The probability that the greatest of the contrasts of `length` independent standard normal values, one
/// for each split, exceeds `contrast` on either side, and a little more.
///
/// Split after split the contrast moves like an Ornstein–Uhlenbeck process in the time `ln(k / (n − k))`,
/// whose excursions Pickands (1969) counts: `2 ln(n − 1) · x φ(x)` for both sides, to which the start adds
/// `2 Φ(−x)`. Looking at whole places only sees fewer of them (Siegmund, *Sequential Analysis*, 1985); that is
/// left as a reserve. For few values it is no more than one chance for each split.
pub(crate) fn scan_p_value(contrast: f64, length: usize) -> f64 {
    if length < 2 {
        return 1.0;
    }
    let splits = (length - 1) as f64;
    let density = (-0.5 * contrast * contrast).exp() / std::f64::consts::TAU.sqrt();
    // For a tail this far out the bound φ(x) / x is within a few percent; below 1 nothing is rare.
    let tail = if contrast < 1.0 { 0.5 } else { density / contrast };
    let both = 2.0 * tail;
    (both + 2.0 * splits.ln() * contrast * density).min(splits * both).min(1.0)
}

/// The upper tail of the standard normal distribution.
pub(crate) fn upper_tail(z: f64) -> f64 {
    Normal::standard().cdf(-z)
}
