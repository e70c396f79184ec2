//! Pairs watched as they come, until they decide.

use serde::{Deserialize, Serialize};

use super::adjust::Adjustment;
use super::design::Design;
use super::evidence::{Evidence, Side, anytime_interval, rules_out};
use super::judgement::{Finding, Judgement, Settlement};
use super::pair::{InvalidPair, Pair};
use super::severity::Severity;
use super::signed_rank::signed_rank_location;
use crate::{Estimate, Interval, Outcome, Replication, ReplicationUnit, StatisticsError};

/// What a duel is asked to find, and how often it may err.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DuelOptions {
    /// The difference that does not matter in practice, as a share; 0.01 (1%) by default.
    pub margin: f64,
    /// How often equals may be called faster or slower, both together; 0.004 (1 in 250) by default.
    pub false_alarm: f64,
    /// How often a difference as large as the margin may be called the same, or the
    /// interval may miss the truth; 0.05 by default. Plans find their effect but for this share.
    pub missed: f64,
    /// How the orders were drawn.
    pub design: Design,
}

impl Default for DuelOptions {
    fn default() -> Self {
        Self { margin: 0.01, false_alarm: 0.004, missed: 0.05, design: Design::default() }
    }
}

impl DuelOptions {
    pub(crate) fn check(&self) -> Result<(), StatisticsError> {
        for probability in [self.false_alarm, self.missed] {
            if !(probability > 0.0 && probability < 1.0) {
                return Err(StatisticsError::InvalidProbability { probability });
            }
        }
        if !(self.margin >= 0.0 && self.margin.is_finite()) {
            return Err(StatisticsError::InvalidMargin { margin: self.margin });
        }
        Ok(())
    }

    /// The fewest pairs that can make a verdict of faster or slower: with fewer coins, equals fall all to
    /// one side more often than a false alarm is allowed.
    pub fn fewest_pairs(&self) -> usize {
        let coins = (2.0 / self.false_alarm).log2().ceil().max(1.0) as usize;
        coins * self.design.pairs_per_coin()
    }
}

/// A comparison of two programs that may be judged, and stopped, after every pair.
///
/// # What is held
/// However the noise is distributed, and however often one looks:
/// * equals are called faster or slower with a probability of [`DuelOptions::false_alarm`] at most;
/// * programs that differ by the margin or more are called the same, and the interval misses the true
///   ratio, with a probability of [`DuelOptions::missed`] at most.
///
/// This rests on the lots of the [`Design`] alone: the orders must have been drawn by it, and a pair must
/// not be left out for what it showed. For the interval, and for "same", the candidate is taken to
/// differ from the reference by a constant factor.
///
/// # The rule
/// * *Same*: the interval lies within the margin around 1.
/// * *Faster*, *slower*: the e-value against no difference, and against any in the other direction, reaches
///   `2 / false_alarm`, and the ratio found lies beyond the margin. A difference that is real but, so far,
///   within the margin is watched on until its interval is within the margin as well.
/// * *Unsure*: anything else.
///
/// ```
/// use tachy_stats::{Design, Duel, DuelOptions, Outcome, Pair};
///
/// let mut duel = Duel::new(DuelOptions::default())?;
/// let noise = [0.2, -0.1, 0.4, -0.3, 0.1, 0.0, -0.2, 0.3, -0.4, 0.1, 0.2, -0.1];
/// for (order, noise) in Design::default().orders(1).zip(noise) {
///     if duel.observe(Pair::new(103.0 + noise, 100.0 - noise, order)?)? != Outcome::Unsure {
///         break;
///     }
/// }
/// let judgement = duel.judgement();
/// assert_eq!(judgement.outcome, Outcome::Slower);
/// println!("{judgement}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Duel {
    pairs: usize,
    adjustment: Adjustment,
    watch: Watch,
}

/// Judges a recorded stream of pairs as it stands at its end.
///
/// # Errors
/// Invalid options, or two pairs of a block in the same order.
pub fn judge(pairs: &[Pair], options: &DuelOptions) -> Result<Judgement, StatisticsError> {
    let mut duel = Duel::new(*options)?;
    for &pair in pairs {
        duel.observe(pair)?;
    }
    Ok(duel.judgement())
}

impl Duel {
    /// A duel without a pair yet.
    ///
    /// # Errors
    /// A margin or a probability that is none.
    pub fn new(options: DuelOptions) -> Result<Self, StatisticsError> {
        options.check()?;
        Ok(Self {
            pairs: 0,
            adjustment: Adjustment::new(options.design),
            watch: Watch::new(options),
        })
    }

    /// What was asked for.
    pub fn options(&self) -> &DuelOptions {
        &self.watch.options
    }

    /// How many pairs there are.
    pub fn pairs(&self) -> usize {
        self.pairs
    }

    /// Takes the next pair and says how things stand; [`Outcome::Unsure`] asks for more.
    ///
    /// # Errors
    /// The second pair of a block in the order of the first; it is left out.
    pub fn observe(&mut self, pair: Pair) -> Result<Outcome, InvalidPair> {
        if let Some(log_ratio) = self.adjustment.observe(pair)? {
            self.watch.observe(log_ratio);
        }
        self.pairs += 1;
        Ok(self.watch.outcome())
    }

    /// The log ratio of each coin, freed from the cost of a position.
    pub fn log_ratios(&self) -> &[f64] {
        &self.watch.log_ratios
    }

    /// First ÷ second for a pair of equals, as far as the pairs show it: 1 where the place does not matter,
    /// and always with blocks, in which it cancels.
    pub fn position_ratio(&self) -> f64 {
        self.adjustment.cost_of_position().exp()
    }

    /// How things stand, with the evidence and, where it is unsure, what would settle it.
    pub fn judgement(&self) -> Judgement {
        let Watch { options, log_ratios, at_one, .. } = &self.watch;
        let level = 1.0 - options.missed;
        let center = signed_rank_location(log_ratios).unwrap_or(0.0);
        let interval = anytime_interval(log_ratios, center, level);
        let outcome = self.watch.outcome();
        let finding = match outcome {
            Outcome::Same => Finding::WithinMargin(options.margin),
            Outcome::Faster | Outcome::Slower => {
                Finding::OneSided { false_alarm: options.false_alarm }
            }
            Outcome::Unsure if self.pairs < options.fewest_pairs() => Finding::TooFew,
            Outcome::Unsure if self.watch.direction().is_some() => {
                Finding::AroundMargin(options.margin)
            }
            Outcome::Unsure => Finding::Undecided,
        };
        let ratio = center.exp();
        Judgement {
            outcome,
            finding,
            ratio: Estimate {
                value: ratio,
                interval: interval.map(|(low, high)| Interval {
                    low: low.exp(),
                    high: high.exp().min(f64::MAX),
                    level,
                }),
                replication: Replication { unit: ReplicationUnit::Process, count: self.pairs },
            },
            e_value: 0.5 * (at_one.above() + at_one.below()),
            severity: (outcome == Outcome::Slower).then(|| Severity::of_ratio(ratio)).flatten(),
            settlement: (outcome == Outcome::Unsure).then(|| self.settlement(center, interval)),
        }
    }

    /// What would settle it, if the centre stays where it is and the interval shrinks as `1 / √pairs`.
    fn settlement(&self, center: f64, interval: Option<(f64, f64)>) -> Settlement {
        let options = &self.watch.options;
        let per_coin = options.design.pairs_per_coin();
        let Some((low, high)) = interval else {
            let missing = options.fewest_pairs().saturating_sub(self.pairs).max(per_coin);
            return Settlement::MorePairs(missing);
        };
        let (distance, margin) = (center.abs(), options.margin.ln_1p());
        let target = if distance > margin {
            // Faster and slower need more than the interval does to leave 1 out.
            distance * ((2.0 / options.missed).ln() / (2.0 / options.false_alarm).ln()).sqrt()
        } else {
            margin - distance
        };
        let needed = self.pairs as f64 * (0.5 * (high - low) / target).powi(2);
        let more = (needed - self.pairs as f64).max(1.0);
        if more > MOST_MORE_PAIRS {
            // A difference that is sure, but as large as the margin itself, no number of pairs would place.
            return match self.watch.direction() {
                Some(_) => Settlement::OtherMargin,
                None => Settlement::QuieterMachine,
            };
        }
        Settlement::MorePairs((more.ceil() as usize).next_multiple_of(per_coin))
    }
}

/// Beyond this many further pairs, a quieter machine is the better advice.
const MOST_MORE_PAIRS: f64 = 400.0;

/// The evidence that decides: at a ratio of 1 and at both ends of the margin.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    options: DuelOptions,
    log_ratios: Vec<f64>,
    at_one: Evidence,
    at_upper_margin: Evidence,
    at_lower_margin: Evidence,
}

impl Watch {
    pub(crate) fn new(options: DuelOptions) -> Self {
        let margin = options.margin.ln_1p();
        Self {
            options,
            log_ratios: Vec::new(),
            at_one: Evidence::new(0.0),
            at_upper_margin: Evidence::new(margin),
            at_lower_margin: Evidence::new(-margin),
        }
    }

    pub(crate) fn observe(&mut self, log_ratio: f64) {
        self.log_ratios.push(log_ratio);
        self.at_one.observe(log_ratio);
        self.at_upper_margin.observe(log_ratio);
        self.at_lower_margin.observe(log_ratio);
    }

    /// Faster or slower, whatever the margin says; `None` where it cannot be told from chance.
    fn direction(&self) -> Option<Outcome> {
        let enough = 2.0 / self.options.false_alarm;
        if rules_out(&self.log_ratios, &self.at_one, Side::Below, enough) {
            Some(Outcome::Slower)
        } else if rules_out(&self.log_ratios, &self.at_one, Side::Above, enough) {
            Some(Outcome::Faster)
        } else {
            None
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let enough = 2.0 / self.options.missed;
        let rules_out = |at, side| rules_out(&self.log_ratios, at, side, enough);
        // Both ends at a glance first: looking beyond them takes far longer.
        if self.at_lower_margin.above().min(self.at_upper_margin.below()) >= enough
            && rules_out(&self.at_lower_margin, Side::Below)
            && rules_out(&self.at_upper_margin, Side::Above)
        {
            return Outcome::Same;
        }
        let Some(direction) = self.direction() else { return Outcome::Unsure };
        let center = signed_rank_location(&self.log_ratios).unwrap_or(0.0);
        match center.abs() > self.options.margin.ln_1p() {
            true => direction,
            false => Outcome::Unsure,
        }
    }
}
