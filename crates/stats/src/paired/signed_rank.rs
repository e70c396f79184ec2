//! The fixed-size interval of a ratio: Wilcoxon's signed ranks, turned round.

use statrs::distribution::{ContinuousCDF, Normal};

use super::adjust::log_ratios;
use super::design::Design;
use super::pair::{InvalidPair, Pair};
use crate::sorted::median_of_sorted;
use crate::student::critical;
use crate::{Estimate, Interval, Replication, ReplicationUnit};

/// The ratio of candidate to reference, and an interval that holds for a number of pairs fixed beforehand.
///
/// For pairs that are watched as they come, see [`Duel`](crate::Duel), whose interval is wider because
/// it holds at every moment. The estimate is Hodges and Lehmann's (1963), the interval that of
/// [`signed_rank_interval`]. `None` without a pair, or without a complete block.
///
/// # Errors
/// Two pairs of a block in the same order.
pub fn paired_ratio(
    pairs: &[Pair],
    design: Design,
    level: f64,
) -> Result<Option<Estimate>, InvalidPair> {
    let logs = log_ratios(pairs, design)?;
    Ok(signed_rank_location(&logs).map(|center| Estimate {
        value: center.exp(),
        interval: signed_rank_interval(&logs, level).map(|interval| Interval {
            low: interval.low.exp(),
            high: interval.high.exp().min(f64::MAX),
            level,
        }),
        replication: Replication { unit: ReplicationUnit::Process, count: pairs.len() },
    }))
}

/// Hodges and Lehmann's estimate of the centre: the median of all means of two values, each value with
/// itself included. `None` without a value.
pub fn signed_rank_location(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| median_of_sorted(&walsh_averages(values)))
}

/// An interval for the centre of values whose noise is symmetric, of any shape and however heavy its tails.
///
/// # Why this and not Student's t
/// Differences between two processes of like noise are symmetric, skewed and bimodal noise included,
/// and under symmetry the distribution of the signed ranks is known exactly. So the interval covers
/// what it says from six values on for *every* such noise, where Student's covers too much under
/// heavy tails (and is needlessly wide there), and on normal noise it costs 5% more values than
/// Student's (never more than 16% on any symmetric noise; Hodges and Lehmann, *The Efficiency of Some
/// Nonparametric Competitors of the t-Test*, 1956).
///
/// The ends lie between order statistics of the means of two, interpolated so that the level is kept
/// between the steps of the discrete distribution (Hettmansperger and Sheather, 1986, do so for the sign
/// test). With two to five values no interval of 95% can be had from signs, and Student's t is used.
/// `None` with fewer than two values or a level that is no probability.
pub fn signed_rank_interval(values: &[f64], level: f64) -> Option<Interval> {
    let n = values.len();
    if n < 2 || !(level > 0.0 && level < 1.0) {
        return None;
    }
    let tail = 0.5 * (1.0 - level);
    let (low, high) = match cut(n, tail) {
        Some((cut, weight)) => {
            let averages = walsh_averages(values);
            let last = averages.len() - 1;
            let next = (cut + 1).min(last);
            (
                averages[cut] + weight * (averages[next] - averages[cut]),
                averages[last - cut] - weight * (averages[last - cut] - averages[last - next]),
            )
        }
        None => {
            let mean = values.iter().sum::<f64>() / n as f64;
            let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
            let error = (squares / (n * (n - 1)) as f64).sqrt();
            let half_width =
                if error == 0.0 { 0.0 } else { critical(level, (n - 1) as f64) * error };
            (mean - half_width, mean + half_width)
        }
    };
    Some(Interval { low, high, level })
}

/// The means of all two values, ascending.
fn walsh_averages(values: &[f64]) -> Vec<f64> {
    let mut averages = Vec::with_capacity(values.len() * (values.len() + 1) / 2);
    for (i, a) in values.iter().enumerate() {
        averages.extend(values[i..].iter().map(|b| 0.5 * (a + b)));
    }
    averages.sort_unstable_by(f64::total_cmp);
    averages
}

/// The probability, under symmetry around zero, of ranks as much to the side above zero as these or more.
pub(crate) fn signed_rank_tail(values: &[f64]) -> f64 {
    let mut by_magnitude: Vec<f64> = values.iter().copied().filter(|&x| x != 0.0).collect();
    by_magnitude.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
    let ranked = by_magnitude.iter().enumerate().filter(|(_, value)| **value < 0.0);
    let rank_sum: usize = ranked.map(|(place, _)| place + 1).sum();
    let n = by_magnitude.len();
    if n > LARGEST_EXACT {
        let (mean, variance) = rank_sum_moments(n);
        return Normal::standard().cdf((rank_sum as f64 + 0.5 - mean) / variance.sqrt());
    }
    cumulative(n).nth(rank_sum).unwrap_or(1.0)
}

/// Up to this many values the distribution of the rank sum is counted out.
const LARGEST_EXACT: usize = 60;

/// The probabilities of a sum of signed ranks of at most 0, 1, 2, … under symmetry.
fn cumulative(n: usize) -> impl Iterator<Item = f64> {
    // The number of sign patterns whose positive ranks come to each sum, by adding one rank at a time.
    let mut patterns = vec![0.0_f64; n * (n + 1) / 2 + 1];
    patterns[0] = 1.0;
    let mut reached = 0;
    for rank in 1..=n {
        reached += rank;
        for sum in (rank..=reached).rev() {
            patterns[sum] += patterns[sum - rank];
        }
    }
    let all = 2.0_f64.powi(n as i32);
    patterns.into_iter().scan(0.0, move |below, count| {
        *below += count / all;
        Some(*below)
    })
}

/// The average, counted from the lowest, that lies above the centre with probability `tail`, and how far on
/// towards the next to go to meet `tail`. `None` where even the lowest does so more often.
///
/// The average at place `c` lies above the centre if no more than `c` averages lie below it, and the number
/// of averages below the centre is distributed as the sum of the signed ranks.
fn cut(n: usize, tail: f64) -> Option<(usize, f64)> {
    if n > LARGEST_EXACT {
        let (mean, variance) = rank_sum_moments(n);
        let position = mean + Normal::standard().inverse_cdf(tail) * variance.sqrt() - 0.5;
        return (position >= 0.0).then(|| (position as usize, position.fract()));
    }
    let mut below = 0.0;
    for (sum, up_to) in cumulative(n).enumerate() {
        if up_to > tail {
            return (sum > 0).then(|| (sum - 1, (tail - below) / (up_to - below)));
        }
        below = up_to;
    }
    None
}

fn rank_sum_moments(n: usize) -> (f64, f64) {
    let n = n as f64;
    (n * (n + 1.0) / 4.0, n * (n + 1.0) * (2.0 * n + 1.0) / 24.0)
}
