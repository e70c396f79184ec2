//! Values turned into ranks and normal scores, which no outlier and no shape of noise can spoil.

use std::sync::LazyLock;

use statrs::distribution::{ContinuousCDF, Normal};

/// The rank of each value, from 1; equal values share the mean of the ranks they take up.
pub(crate) fn ranks(values: &[f64]) -> Vec<f64> {
    let keys: Vec<u64> = values.iter().map(|&value| sort_key(value)).collect();
    let least = keys.iter().copied().min().unwrap_or_default();
    let greatest = keys.iter().copied().max().unwrap_or_default();
    // Values of like size leave bits for their places, and single numbers sort twice as fast as pairs.
    let bits = usize::BITS - values.len().leading_zeros();
    let mut ranks = vec![0.0; values.len()];
    if (greatest - least).leading_zeros() >= bits {
        let packed = keys.iter().zip(0..).map(|(key, place)| (key - least) << bits | place);
        let mut order: Vec<u64> = packed.collect();
        order.sort_unstable();
        let mask = (1 << bits) - 1;
        share_ranks(&order, |packed| (packed >> bits, packed & mask), &mut ranks);
    } else {
        let mut order: Vec<(u64, u64)> = keys.into_iter().zip(0..).collect();
        order.sort_unstable();
        share_ranks(&order, |pair| pair, &mut ranks);
    }
    ranks
}

/// Gives each place its rank, those of one key the mean of theirs.
fn share_ranks<T: Copy>(order: &[T], key_and_place: impl Fn(T) -> (u64, u64), ranks: &mut [f64]) {
    let mut below = 0;
    for tied in order.chunk_by(|&a, &b| key_and_place(a).0 == key_and_place(b).0) {
        let rank = below as f64 + 0.5 * (tied.len() as f64 + 1.0);
        for &one in tied {
            ranks[key_and_place(one).1 as usize] = rank;
        }
        below += tied.len();
    }
}

/// Whole numbers sort faster than floats: the order is that of the values.
fn sort_key(value: f64) -> u64 {
    // Minus zero counts as zero, or the two would not be tied.
    let bits = (value + 0.0).to_bits();
    bits ^ if bits >> 63 == 1 { u64::MAX } else { 1 << 63 }
}

/// Ranks turned into the quantiles of a standard normal distribution, with mean zero and variance one.
/// All are zero where all ranks are equal.
pub(crate) fn normal_scores(ranks: &[f64]) -> Vec<f64> {
    let scale = 1.0 / (ranks.len() as f64 + 1.0);
    standardised(ranks.iter().map(|rank| normal_quantile(rank * scale)).collect())
}

/// With mean zero and variance one, or all zero where all are equal.
pub(crate) fn standardised(mut values: Vec<f64>) -> Vec<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    let scale = if variance > 1e-12 { variance.sqrt().recip() } else { 0.0 };
    values.iter_mut().for_each(|x| *x = (*x - mean) * scale);
    values
}

/// How finely the table of normal quantiles divides the unit interval.
const TABLE: usize = 4096;

/// Between the entries scores need not be exact: any increasing function of the ranks would do.
static QUANTILES: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let quantile = |i: usize| {
        Normal::standard().inverse_cdf((i as f64).clamp(0.25, TABLE as f64 - 0.25) / TABLE as f64)
    };
    (0..=TABLE).map(quantile).collect()
});

fn normal_quantile(p: f64) -> f64 {
    let position = p * TABLE as f64;
    let below = (position as usize).min(TABLE - 1);
    let table = &QUANTILES[below..below + 2];
    table[0] + (position - below as f64) * (table[1] - table[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways of sorting: values of like size, and values too far apart to be packed.
    #[test]
    fn equal_values_share_ranks() {
        assert_eq!(ranks(&[1.5, 1.25, 1.5, 1.0, 1.5]), [4.0, 2.0, 4.0, 1.0, 4.0]);
        assert_eq!(ranks(&[1e300, -1e-300, 0.0, -0.0, -1e300]), [5.0, 2.0, 3.5, 3.5, 1.0]);
        assert!(ranks(&[]).is_empty());
    }

    #[test]
    fn scores_are_standard() {
        let scores = normal_scores(&ranks(&[3.0, 1.0, 2.0, 10.0, 2.0, 7.0]));
        assert!(scores.iter().sum::<f64>().abs() < 1e-12);
        assert!((scores.iter().map(|x| x * x).sum::<f64>() - 6.0).abs() < 1e-9);
        assert_eq!(normal_scores(&ranks(&[5.0; 4])), [0.0; 4]);
        // The quantile that leaves 2.5% above it.
        assert!((normal_quantile(0.975) - 1.959_964).abs() < 1e-4);
    }
}
