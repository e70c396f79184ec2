//! What happened to a series of one value for each commit.

use serde::{Deserialize, Serialize};

use super::locate::locate;
use super::potts::potts_among;
use super::ranks::{normal_scores, ranks, standardised};
use super::scan::{Seeded, prefix_sums, scan_p_value, upper_tail};
use super::trend::{change_along_line, residual_of_line, trend_score};
use crate::sorted::median_in_place;
use crate::{MAD_TO_STANDARD_DEVIATION, Outcome, Samples, Severity};

/// How often a flat history may be called changed, and what counts as a change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryOptions {
    /// The probability that anything is found in a whole series that is flat; 0.005 (1 in 200) by default.
    pub false_alarm: f64,
    /// The fewest values that make a level; 3 by default, and at least 2. So a step is reported that many
    /// commits after it came at the earliest.
    pub fewest: usize,
}

impl Default for HistoryOptions {
    fn default() -> Self {
        Self { false_alarm: 0.005, fewest: 3 }
    }
}

/// A step from one level to another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The place of the first value on the new level, from 0: the commit that brought the step.
    pub index: usize,
    /// The median of the level before, in the values' unit.
    pub before: f64,
    /// The median of the level after.
    pub after: f64,
    /// The probability that a step as clear shows anywhere between its neighbours where there is none.
    pub p_value: f64,
}

/// A slow trend over the whole series, where a straight line describes it better than steps do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The value of the line at its start, in the values' unit.
    pub start: f64,
    /// The value of the line at its end.
    pub end: f64,
    /// The probability of a trend as clear in a series without one.
    pub p_value: f64,
}

/// What was found in a series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// The steps, the oldest first.
    pub changes: Vec<Change>,
    /// The drift, if the series drifts rather than steps.
    pub drift: Option<Drift>,
}

impl Change {
    /// After ÷ before.
    pub fn ratio(&self) -> f64 {
        self.after / self.before
    }

    /// Faster where the level fell, slower where it rose.
    pub fn outcome(&self) -> Outcome {
        direction(self.before, self.after)
    }

    /// How bad it is; `None` where the level fell.
    pub fn severity(&self) -> Option<Severity> {
        Severity::of_ratio(self.ratio())
    }
}

impl Drift {
    /// End ÷ start.
    pub fn ratio(&self) -> f64 {
        self.end / self.start
    }

    /// Faster where the line falls, slower where it rises.
    pub fn outcome(&self) -> Outcome {
        direction(self.start, self.end)
    }
}

impl Analysis {
    /// Whether neither a step nor a drift was found.
    pub fn is_flat(&self) -> bool {
        self.changes.is_empty() && self.drift.is_none()
    }

    /// Which way each finding points, to be counted over many series by [`Balance`](crate::Balance).
    pub fn outcomes(&self) -> impl Iterator<Item = Outcome> {
        let drift = self.drift.iter().map(Drift::outcome);
        self.changes.iter().map(Change::outcome).chain(drift)
    }
}

fn direction(before: f64, after: f64) -> Outcome {
    if after < before { Outcome::Faster } else { Outcome::Slower }
}

/// How the probability of a false alarm is shared out.
const SHARE_OF_STEPS: f64 = 0.4;
const SHARE_OF_ENDS: f64 = 0.2;
const SHARE_OF_TREND: f64 = 0.4;

/// A fresh level of up to this many values may be known by their all lying beyond all others.
const FRESH: usize = 8;

/// Shorter series are not judged.
const SHORTEST_SERIES: usize = 8;

/// Finds the steps of a series, or its drift.
///
/// # What is held
/// A series without step or drift, whose values could as well have come in any other order, is called changed
/// with a probability of [`HistoryOptions::false_alarm`] at most, whatever the distribution of its noise:
/// everything is decided by ranks, and the ranks of such a series are a random permutation. Noise that
/// persists from commit to commit (a machine warmer this week) is a level to this analysis, as it would be to
/// anybody who sees the series alone; see [`remove_machine_speed`](crate::remove_machine_speed).
///
/// # How
/// 1. *Is there anything?* Normal scores are scanned for a split, over the whole series and seeded
///    intervals, against a threshold that corrects for all splits looked at; the last few values are
///    compared with all before; and the trend is tested. Most series end here, in linear time but for the
///    sorting of ranks.
/// 2. *Where are the levels?* The Potts functional is minimised exactly over the splits that the scan
///    suggests, the penalty being two thirds of the threshold times the noise.
/// 3. *Does each step stand alone?* Each is located again between its neighbours and tested with ranks
///    made anew from these two levels, corrected for the search; the weakest is dropped until all hold.
/// 4. *Steps or a line?* By the Bayesian information criterion on ranks, a split counting as three
///    parameters (Zhang and Siegmund, *A Modified Bayes Information Criterion*, Biometrics 63, 2007).
///
/// See [`e_divisive`](crate::e_divisive) for a second opinion, which is slower.
///
/// ```
/// use tachy_stats::{HistoryOptions, Samples, analyse};
///
/// let noise = [0.1, 0.4, -0.3, 0.0, -0.2, 0.3, -0.1, 0.2, -0.4, 0.1];
/// let series = (0..40).map(|i| if i < 27 { 20.0 } else { 22.0 } + noise[i * 7 % 10]);
/// let analysis = analyse(&Samples::new(series.collect())?, &HistoryOptions::default());
/// assert_eq!(analysis.changes[0].index, 27);
/// assert!((analysis.changes[0].ratio() - 1.1).abs() < 0.02);
/// # Ok::<(), tachy_stats::InvalidSample>(())
/// ```
pub fn analyse(series: &Samples, options: &HistoryOptions) -> Analysis {
    let values = series.values();
    let count = values.len();
    let fewest = options.fewest.max(2);
    if count < SHORTEST_SERIES.max(2 * fewest) {
        return Analysis::default();
    }
    let ranks = ranks(values);
    let scores = normal_scores(&ranks);
    let sums = prefix_sums(&scores);
    let seeded = Seeded::new(count);
    let threshold = seeded.threshold(SHARE_OF_STEPS * options.false_alarm);
    let fresh = fresh_p_value(&ranks, fewest) <= SHARE_OF_ENDS * options.false_alarm;
    let stepped = fresh || seeded.exceeds(&sums, threshold);

    let places = standardised(ranks);
    let trend_p_value = 2.0 * upper_tail(trend_score(&places).abs());
    let trends = trend_p_value <= SHARE_OF_TREND * options.false_alarm;
    if !stepped && !trends {
        return Analysis::default();
    }

    let steps = Steps { values, fewest, false_alarm: options.false_alarm };
    let changes = if stepped {
        let noise = noise_variance(&scores);
        let mut candidates = seeded.candidates(&sums, CANDIDATE * noise);
        candidates.extend(count - FRESH.min(count / 2)..=count - fewest);
        candidates.retain(|&split| split >= fewest && split + fewest <= count);
        candidates.sort_unstable();
        candidates.dedup();
        steps.settle(potts_among(&scores, &candidates, GENEROSITY * threshold * noise))
    } else {
        Vec::new()
    };
    if trends && line_is_better(&places, &changes) {
        let (start, end) = change_along_line(values);
        let drift = Drift { start, end, p_value: trend_p_value };
        return Analysis { changes: Vec::new(), drift: Some(drift) };
    }
    Analysis { changes, drift: None }
}

/// The squared contrast, in variances of the noise, from which on a split is worth considering once something is
/// known to be there.
const CANDIDATE: f64 = 9.0;

/// The share of the threshold that a split is charged. It is easy to propose one: each has yet to be tested.
const GENEROSITY: f64 = 0.65;

/// The variance of scores within levels, from the differences of neighbours, which no step can inflate.
fn noise_variance(scores: &[f64]) -> f64 {
    let mut differences: Vec<f64> =
        scores.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let spread = MAD_TO_STANDARD_DEVIATION * median_in_place(&mut differences);
    // Many ties may leave half the differences at zero.
    (0.5 * spread * spread).clamp(0.02, 1.0)
}

/// The probability that the last few ranks, from `fewest` to [`FRESH`] of them, come out all above or all below
/// all others as they do here, or more so; 1 where they do not.
fn fresh_p_value(ranks: &[f64], fewest: usize) -> f64 {
    let count = ranks.len();
    let longest = FRESH.min(count / 2);
    let mut others = Range::of(&ranks[..count - longest]);
    let mut p_value = 1.0_f64;
    for fresh in (fewest..=longest).rev() {
        let values = Range::of(&ranks[count - fresh..]);
        if values.apart_from(&others) {
            p_value = p_value.min(extreme_p_value(count, fresh, longest + 1 - fewest));
        }
        others = others.with(ranks[count - fresh]);
    }
    p_value
}

/// The probability that `few` of `count` values in random order lie beyond all others, on either side, at one of
/// so many occasions.
fn extreme_p_value(count: usize, few: usize, occasions: usize) -> f64 {
    let subsets: f64 = (0..few).map(|i| (count - i) as f64 / (i + 1) as f64).product();
    (2.0 * occasions as f64 / subsets).min(1.0)
}

/// From the least to the greatest of some values.
#[derive(Clone, Copy)]
struct Range {
    least: f64,
    greatest: f64,
}

impl Range {
    fn of(values: &[f64]) -> Self {
        let none = Self { least: f64::INFINITY, greatest: f64::NEG_INFINITY };
        values.iter().fold(none, |range, &value| range.with(value))
    }

    fn with(self, value: f64) -> Self {
        Self { least: self.least.min(value), greatest: self.greatest.max(value) }
    }

    fn apart_from(&self, other: &Self) -> bool {
        self.least > other.greatest || self.greatest < other.least
    }
}

/// The steps of a series, each to be told from chance.
struct Steps<'a> {
    values: &'a [f64],
    fewest: usize,
    false_alarm: f64,
}

impl Steps<'_> {
    /// Locates each split between its neighbours and drops the weakest until all hold.
    fn settle(&self, mut splits: Vec<usize>) -> Vec<Change> {
        // `None` for those whose neighbours have changed.
        let mut p_values = vec![None; splits.len()];
        loop {
            for i in 0..splits.len() {
                if p_values[i].is_none() {
                    let (from, to) = self.around(&splits, i);
                    splits[i] = locate(self.values, from, splits[i], to, self.fewest);
                }
            }
            let known: Vec<f64> = (0..splits.len())
                .map(|i| *p_values[i].get_or_insert_with(|| self.p_value(&splits, i)))
                .collect();
            let weakest = (0..splits.len()).max_by(|&a, &b| known[a].total_cmp(&known[b]));
            match weakest {
                Some(weakest) if known[weakest] > self.false_alarm => {
                    splits.remove(weakest);
                    p_values.remove(weakest);
                    for neighbour in [weakest.checked_sub(1), Some(weakest)].into_iter().flatten() {
                        if let Some(p_value) = p_values.get_mut(neighbour) {
                            *p_value = None;
                        }
                    }
                }
                _ => return self.changes(&splits, &known),
            }
        }
    }

    /// Where the levels before and after a split begin and end.
    fn around(&self, splits: &[usize], i: usize) -> (usize, usize) {
        let from = if i == 0 { 0 } else { splits[i - 1] };
        (from, splits.get(i + 1).copied().unwrap_or(self.values.len()))
    }

    fn p_value(&self, splits: &[usize], i: usize) -> f64 {
        let (from, to) = self.around(splits, i);
        let ranks = ranks(&self.values[from..to]);
        let (before, after) = ranks.split_at(splits[i] - from);
        let sum: f64 = normal_scores(&ranks)[..before.len()].iter().sum();
        let (k, m) = (before.len() as f64, after.len() as f64);
        let contrast = (sum * sum * (k + m) / (k * m)).sqrt();
        let by_scan = scan_p_value(contrast, ranks.len());
        let few = before.len().min(after.len());
        // Two ways of being clear, each with half the chance; the second looks at both ends.
        let by_extremes = match Range::of(before).apart_from(&Range::of(after)) {
            true if few <= FRESH => {
                extreme_p_value(ranks.len(), few, 2 * (FRESH + 1 - self.fewest.min(FRESH)))
            }
            _ => 1.0,
        };
        (2.0 * by_scan.min(by_extremes)).min(1.0)
    }

    fn changes(&self, splits: &[usize], p_values: &[f64]) -> Vec<Change> {
        let median = |from: usize, to: usize| median_in_place(&mut self.values[from..to].to_vec());
        let change = |(i, &index): (usize, &usize)| {
            let (from, to) = self.around(splits, i);
            Change {
                index,
                before: median(from, index),
                after: median(index, to),
                p_value: p_values[i],
            }
        };
        splits.iter().enumerate().map(change).collect()
    }
}

/// Whether a straight line describes standardised ranks better than the levels between the changes do.
fn line_is_better(places: &[f64], changes: &[Change]) -> bool {
    let n = places.len() as f64;
    let mut left = n;
    let mut from = 0;
    for to in changes.iter().map(|change| change.index).chain([places.len()]) {
        let sum: f64 = places[from..to].iter().sum();
        left -= sum * sum / (to - from) as f64;
        from = to;
    }
    // Ranks of a noiseless line leave nothing; a floor keeps the logarithm finite.
    let criterion = |left: f64, parameters: f64| n * left.max(1e-6 * n).ln() + parameters * n.ln();
    criterion(residual_of_line(places), 2.0) < criterion(left, 1.0 + 3.0 * changes.len() as f64)
}
