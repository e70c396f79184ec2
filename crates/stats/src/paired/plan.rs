//! What can be found, said before the first pair is measured.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::duel::{DuelOptions, Watch};
use super::noise::Noise;
use super::signed_rank::signed_rank_tail;
use crate::{Outcome, StatisticsError};

/// How many pairs a wanted effect takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The slow-down to be found, as a share: 0.02 for 2%.
    pub effect: f64,
    /// The number of pairs within which it is found with [`power`](Self::power), watching after every one.
    pub pairs: usize,
    /// The number after which half of such duels have stopped.
    pub typical_pairs: usize,
    /// The number that a signed-rank test of fixed size needs for the same errors: without a look before
    /// the last pair, and without a verdict of "same". Counted up to twice [`pairs`](Self::pairs).
    pub fixed_pairs: usize,
    /// The probability of finding it.
    pub power: f64,
    /// The standard deviation of log ratios that was planned with.
    pub noise: f64,
}

/// How many duels are played out for a plan.
const DUELS: usize = 500;

/// Beyond this many coins no plan is made.
const MOST_COINS: usize = 500;

/// A fixed seed: the same question has the same answer.
const SEED: u64 = 2;

impl Plan {
    /// How many pairs find a slow-down of `effect` (a share) with a probability of `1 − missed`.
    ///
    /// Duels are played out against the noise by the very rule that will judge, so that its early stops,
    /// its discreteness and the shape of the noise are all in the figure. `None` where not even 500
    /// coins would do: the machine is too noisy for this effect, or the effect lies within the margin.
    ///
    /// # Errors
    /// Invalid options, or an effect that is not above zero.
    pub fn for_effect(
        effect: f64,
        noise: &Noise,
        options: &DuelOptions,
    ) -> Result<Option<Self>, StatisticsError> {
        options.check()?;
        if !(effect > 0.0 && effect.is_finite()) {
            return Err(StatisticsError::InvalidEffect { effect });
        }
        let mut coins = Vec::with_capacity(DUELS);
        let allowed = (options.missed * DUELS as f64) as usize;
        for duel in 0..DUELS {
            match coins_to_find(effect, noise, options, duel, MOST_COINS) {
                Some(found) => coins.push(found),
                // Twice what is allowed is lost already; the rest need not be played.
                None if duel + 1 - coins.len() > 2 * allowed => return Ok(None),
                None => {}
            }
        }
        coins.sort_unstable();
        let Some(&within) = coins.get(DUELS - allowed - 1) else { return Ok(None) };
        let per_coin = options.design.pairs_per_coin();
        let found = coins.partition_point(|&coins| coins <= within);
        Ok(Some(Self {
            effect,
            pairs: within * per_coin,
            typical_pairs: coins[DUELS / 2] * per_coin,
            fixed_pairs: fixed_coins(effect, noise, options, 2 * within) * per_coin,
            power: found as f64 / DUELS as f64,
            noise: noise.standard_deviation(),
        }))
    }

    /// The smallest slow-down, as a share, that `pairs` find with a probability of `1 − missed`: the
    /// minimum detectable effect. `None` where they are too few to find any.
    ///
    /// # Errors
    /// Invalid options.
    pub fn smallest_effect(
        pairs: usize,
        noise: &Noise,
        options: &DuelOptions,
    ) -> Result<Option<f64>, StatisticsError> {
        options.check()?;
        let coins = pairs / options.design.pairs_per_coin();
        let allowed = (options.missed * DUELS as f64) as usize;
        let is_found = |effect: f64| {
            let mut missed = 0;
            (0..DUELS).all(|duel| {
                missed += usize::from(coins_to_find(effect, noise, options, duel, coins).is_none());
                missed <= allowed
            })
        };
        // What ten times the noise does not show, no effect would.
        let mut found = (options.margin + 10.0 * noise.standard_deviation()).max(1e-6);
        if !is_found(found) {
            return Ok(None);
        }
        let mut not_found = options.margin;
        while found - not_found > 0.01 * found {
            let middle = 0.5 * (found + not_found);
            if is_found(middle) {
                found = middle;
            } else {
                not_found = middle;
            }
        }
        Ok(Some(found))
    }
}

/// After how many coins a duel finds the slow-down; `None` if it does not within `most`, or finds otherwise.
fn coins_to_find(
    effect: f64,
    noise: &Noise,
    options: &DuelOptions,
    duel: usize,
    most: usize,
) -> Option<usize> {
    let mut rng = luck(duel);
    let mut watch = Watch::new(*options);
    for coins in 1..=most {
        watch.observe(effect.ln_1p() + noise.draw(&mut rng));
        match watch.outcome() {
            Outcome::Slower => return Some(coins),
            Outcome::Faster | Outcome::Same => return None,
            Outcome::Unsure => {}
        }
    }
    None
}

/// The fewest coins with which Wilcoxon's signed-rank test of fixed size finds the effect in the share of duels
/// wanted; `most` where even they do not.
fn fixed_coins(effect: f64, noise: &Noise, options: &DuelOptions, most: usize) -> usize {
    let allowed = (options.missed * DUELS as f64) as usize;
    let is_enough = |coins: usize| {
        let mut missed = 0;
        (0..DUELS).all(|duel| {
            let mut rng = luck(duel);
            let log_ratios: Vec<f64> =
                (0..coins).map(|_| effect.ln_1p() + noise.draw(&mut rng)).collect();
            missed += usize::from(signed_rank_tail(&log_ratios) > 0.5 * options.false_alarm);
            missed <= allowed
        })
    };
    let mut too_few = options.fewest_pairs() / options.design.pairs_per_coin() - 1;
    let mut enough = most.max(too_few + 1);
    while enough - too_few > 1 {
        let middle = usize::midpoint(too_few, enough);
        if is_enough(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    enough
}

/// The random numbers of one duel: the same whatever the effect, so that more effect never seems to be found later.
fn luck(duel: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    rng.set_stream(duel as u64);
    rng
}
