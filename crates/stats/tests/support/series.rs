//! Simulated histories with a known truth, and what is found in them.
#![allow(dead_code)]

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tachy_stats::{Analysis, HistoryOptions, Samples, analyse};

use super::machine::Spread;

/// A series of `count` values around 1 with noise of the given deviation, times `shape(i)`.
pub fn series(
    spread: Spread,
    deviation: f64,
    count: usize,
    seed: u64,
    shape: impl Fn(usize) -> f64,
) -> Samples {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let scale = deviation / spread.deviation();
    let values = (0..count).map(|i| {
        // Far outliers of the heavy tails may be below zero, which no time is.
        (shape(i) + scale * spread.draw(&mut rng)).max(0.0)
    });
    Samples::new(values.collect()).expect("values are finite and not negative")
}

pub fn analysed(series: &Samples) -> Analysis {
    analyse(series, &HistoryOptions::default())
}

/// The share of flat series in which anything is found.
pub fn flagged(spread: Spread, count: usize, trials: usize) -> f64 {
    let flagged = (0..trials)
        .filter(|&seed| !analysed(&series(spread, 0.02, count, seed as u64, |_| 1.0)).is_flat());
    flagged.count() as f64 / trials as f64
}

/// The shares of series with one step, of so many deviations, in which it alone is found, and found exactly.
pub fn steps(spread: Spread, step: f64, count: usize, trials: usize) -> (f64, f64) {
    let (mut found, mut exact) = (0, 0);
    for seed in 0..trials {
        let at = count / 4 + seed * 7919 % (count / 2);
        let height = 0.02 * step * if seed % 2 == 0 { 1.0 } else { -1.0 };
        let series =
            series(spread, 0.02, count, seed as u64, |i| 1.0 + if i >= at { height } else { 0.0 });
        if let [change] = analysed(&series).changes.as_slice() {
            found += usize::from(change.index.abs_diff(at) <= 5);
            exact += usize::from(change.index == at);
        }
    }
    (found as f64 / trials as f64, exact as f64 / trials as f64)
}

/// As [`steps`], with three processes for each commit, of which the median counts; the noise is that of one.
pub fn steps_of_three(spread: Spread, step: f64, count: usize, trials: usize) -> f64 {
    let mut exact = 0;
    for seed in 0..trials {
        let at = count / 4 + seed * 7919 % (count / 2);
        let shape = |i: usize| 1.0 + if i >= at { 0.02 * step } else { 0.0 };
        let [a, b, c] = [0, 1, 2]
            .map(|process| series(spread, 0.02, count, (seed + process * 1_000_000) as u64, shape));
        let medians = a.values().iter().zip(b.values()).zip(c.values());
        let medians = medians.map(|((a, b), c)| a.max(*b).min(a.min(*b).max(*c)));
        let medians = Samples::new(medians.collect()).expect("medians of times are times");
        let analysis = analysed(&medians);
        exact += usize::from(analysis.changes.len() == 1 && analysis.changes[0].index == at);
    }
    exact as f64 / trials as f64
}

/// The share of series that drift by 10% from end to end in which that drift is found.
pub fn drifts(spread: Spread, deviation: f64, count: usize, trials: usize) -> f64 {
    let found = (0..trials).filter(|&seed| {
        let series = series(spread, deviation, count, seed as u64, |i| {
            1.0 + 0.1 * i as f64 / (count - 1) as f64
        });
        analysed(&series).drift.is_some()
    });
    found.count() as f64 / trials as f64
}
