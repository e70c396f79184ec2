//! When a series has warmed up.

use crate::samples::check;
use crate::sorted::median_of_sorted;
use crate::{InvalidSample, Samples};

/// What counts as steady, and how long to wait for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SteadyStateOptions {
    /// The fewest samples to judge by; 24 by default, and at least 4.
    pub window: usize,
    /// The least time that those samples must cover, in the unit of the durations; 0 by default. What
    /// warms up by the clock (frequency, power) needs this where a sample is short.
    pub window_time: f64,
    /// The drift from one half of the window to the other that does not matter, as a share of the
    /// median; 0.0025 by default.
    pub tolerance: f64,
    /// The most samples to wait for; 10 000 by default.
    pub patience: usize,
    /// The longest time to wait, in the unit of the durations; without limit by default.
    pub patience_time: f64,
}

impl Default for SteadyStateOptions {
    fn default() -> Self {
        Self {
            window: 24,
            window_time: 0.0,
            tolerance: 0.0025,
            patience: 10_000,
            patience_time: f64::INFINITY,
        }
    }
}

/// Where a series stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not steady yet.
    WarmingUp,
    /// Steady: samples from here on may be kept.
    Steady {
        /// How many samples came before, all of them warm-up.
        after: usize,
    },
    /// Patience ran out first. The samples may be kept, but the report must say so.
    NeverSteady {
        /// How many samples were waited for.
        after: usize,
    },
}

/// Decides, one duration at a time, when a series has warmed up.
///
/// The later half of what has been seen, and at least the window, is cut in two. The halves agree if
/// * their medians differ by no more than the tolerance, or
/// * the Mann–Whitney rank test finds no difference at the 10% level, or
/// * a duration of the one exceeds a duration of the other with a probability between 0.4 and 0.6
///   (Vargha and Delaney, 2000): what difference there is drowns in the noise. This ends the wait where
///   neighbouring durations resemble each other and the rank test, made for independent ones, sees
///   differences that mean nothing.
///
/// Ranks and medians do not mind outliers, equal values on a coarse clock are ties, and noise of any
/// size or shape needs no setting. Because the later half is judged, a series that took long to warm up
/// has to stay steady for as long again, and what it did at first does not count against it.
///
/// The halves are compared each time the series has grown by a quarter, and have to agree twice in a
/// row: more looks would sooner or later find agreement by chance.
///
/// What cannot be seen is not waited for: a step still to come after a long plateau, or a drift much
/// smaller than the noise of the window.
#[derive(Clone, Debug)]
pub struct SteadyState {
    options: SteadyStateOptions,
    durations: Vec<f64>,
    /// The sum of all durations.
    elapsed: f64,
    next_look: usize,
    /// How many looks in a row found agreement.
    agreements: usize,
    phase: Phase,
}

/// The normal score that |z| must exceed for a difference at the 10% level.
const DIFFERENT: f64 = 1.644_853_626_951_472_7;

/// How far from one half the probability of superiority may be and still be called negligible.
const NEGLIGIBLE: f64 = 0.1;

/// How many looks in a row must find the halves in agreement.
const AGREEMENTS: usize = 2;

impl SteadyState {
    /// A series of which nothing has been seen yet.
    pub fn new(options: SteadyStateOptions) -> Self {
        let options = SteadyStateOptions { window: options.window.max(4), ..options };
        Self {
            options,
            durations: Vec::new(),
            elapsed: 0.0,
            next_look: options.window,
            agreements: 0,
            phase: Phase::WarmingUp,
        }
    }

    /// Where the series stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The durations seen while warming up, in run order.
    pub fn warm_up(&self) -> Samples {
        // Each was checked when it was observed.
        Samples::new(self.durations.clone()).unwrap_or_default()
    }

    /// Takes the next duration and says where the series stands now. Once it is steady, or patience has
    /// run out, it stays so and further durations are not looked at.
    ///
    /// # Errors
    /// A duration that is NaN, infinite or negative; it is left out.
    pub fn observe(&mut self, duration: f64) -> Result<Phase, InvalidSample> {
        check(self.durations.len(), duration)?;
        if self.phase != Phase::WarmingUp {
            return Ok(self.phase);
        }
        self.durations.push(duration);
        self.elapsed += duration;
        let seen = self.durations.len();
        if seen >= self.next_look {
            self.next_look = seen + (seen / 4).max(1);
            self.agreements = if self.halves_agree() { self.agreements + 1 } else { 0 };
            if self.agreements == AGREEMENTS {
                self.phase = Phase::Steady { after: seen };
                return Ok(self.phase);
            }
        }
        if seen >= self.options.patience || self.elapsed >= self.options.patience_time {
            self.phase = Phase::NeverSteady { after: seen };
        }
        Ok(self.phase)
    }

    fn halves_agree(&self) -> bool {
        let Some(window) = self.window() else { return false };
        let (earlier, later) = window.split_at(window.len() / 2);
        let difference = Difference::between(earlier, later);
        difference.shift <= self.options.tolerance
            || difference.score.abs() <= DIFFERENT
            || difference.superiority.abs() <= NEGLIGIBLE
    }

    /// The latest durations: half of all, but enough in number and in time. `None` if there are not enough.
    fn window(&self) -> Option<&[f64]> {
        let seen = self.durations.len();
        let mut length = self.options.window.max(seen / 2);
        if length > seen || self.elapsed < self.options.window_time {
            return None;
        }
        let mut time: f64 = self.durations[seen - length..].iter().sum();
        while time < self.options.window_time && length < seen {
            length += 1;
            time += self.durations[seen - length];
        }
        Some(&self.durations[seen - length..])
    }
}

/// How two halves of a series differ.
struct Difference {
    /// The difference of the medians, as a share of the later one.
    shift: f64,
    /// The normal score of the Mann–Whitney test with its correction for ties; 0 where all are equal.
    score: f64,
    /// The probability that an earlier duration exceeds a later one, less one half.
    superiority: f64,
}

impl Difference {
    fn between(earlier: &[f64], later: &[f64]) -> Self {
        let labelled = earlier.iter().map(|&value| (value, true));
        let mut all: Vec<(f64, bool)> =
            labelled.chain(later.iter().map(|&value| (value, false))).collect();
        all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));

        // Equal values share the mean of the ranks they take up, counted from 1.
        let (mut rank_sum, mut ties, mut start) = (0.0, 0.0, 0);
        for group in all.chunk_by(|a, b| a.0 == b.0) {
            let size = group.len() as f64;
            let mean_rank = start as f64 + (size + 1.0) / 2.0;
            rank_sum +=
                mean_rank * group.iter().filter(|(_, is_earlier)| *is_earlier).count() as f64;
            ties += size * (size * size - 1.0);
            start += group.len();
        }
        let (a, b) = (earlier.len() as f64, later.len() as f64);
        let n = a + b;
        let variance = a * b / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0)));
        let surplus = rank_sum - a * (n + 1.0) / 2.0;
        let score = if variance > 0.0 { surplus / variance.sqrt() } else { 0.0 };

        let median = |of_earlier: bool| {
            let labelled = all.iter().filter(|(_, is_earlier)| *is_earlier == of_earlier);
            let half: Vec<f64> = labelled.map(|(value, _)| *value).collect();
            median_of_sorted(&half)
        };
        let (before, after) = (median(true), median(false));
        let shift = if before == after { 0.0 } else { (before - after).abs() / after };
        Difference { shift, score, superiority: surplus / (a * b) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked by hand: the ones share rank 2, the twos rank 5.5, and the three has rank 8, so the ranks
    /// of the earlier half add up to 11.5 where 18 is expected, with a variance of 10.
    #[test]
    fn ties_share_ranks_and_shrink_the_variance() {
        let difference = Difference::between(&[2.0, 1.0, 1.0, 1.0], &[2.0, 3.0, 2.0, 2.0]);
        assert!((difference.score + 6.5 / 10.0_f64.sqrt()).abs() < 1e-12, "{}", difference.score);
        assert!((difference.superiority + 6.5 / 16.0).abs() < 1e-12, "{}", difference.superiority);
        assert_eq!(difference.shift, 0.5);

        let none = Difference::between(&[0.0; 4], &[0.0; 4]);
        assert_eq!((none.score, none.superiority, none.shift), (0.0, 0.0, 0.0));
    }
}
