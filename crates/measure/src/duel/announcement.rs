//! What a duel can find, said before it begins.

use serde::{Deserialize, Serialize};
use tachy_stats::{Noise, Pair, Plan, StatisticsError};

use super::options::Options;

/// Without a limit, no more pairs than this: a difference that they do not show asks for a quieter machine.
pub(super) const MOST_PAIRS: usize = 500;

/// Without a limit, no more seconds than this after the pilot, unless so few pairs could decide nothing.
pub(super) const USUAL_SECONDS: f64 = 60.0;

/// What can be found, from the noise that a pilot showed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    /// The pairs of the pilot, of the reference against itself.
    pub pilot_pairs: usize,
    /// The standard deviation of log ratios that is planned with: nearly that of the ratio of two processes.
    pub noise: f64,
    /// The time that a pair takes, in seconds, with all that is run before each process.
    pub seconds_per_pair: f64,
    /// The most pairs that will be measured.
    pub most_pairs: usize,
    /// How many pairs find the effect; `None` where more than [`most_pairs`](Self::most_pairs) would be needed by far.
    pub plan: Option<Plan>,
    /// The smallest slow-down, as a share, that is found within [`most_pairs`](Self::most_pairs); only where the effect
    /// is not.
    pub smallest_effect: Option<f64>,
}

impl Announcement {
    /// What follows from the pilot's pairs; `spent` seconds are gone already.
    pub(super) fn new(
        pilot: &[Pair],
        options: &Options,
        seconds_per_pair: f64,
        spent: f64,
    ) -> Result<Self, StatisticsError> {
        let judging = &options.judging;
        let noise = Noise::of_pairs(pilot, judging.design)?.unwrap_or_else(|| Noise::normal(0.0));
        let most_pairs = most_pairs(options, seconds_per_pair, spent);
        let plan = Plan::for_effect(options.effect, &noise, judging)?;
        let fits = plan.is_some_and(|plan| plan.pairs <= most_pairs);
        let smallest_effect = match fits {
            true => None,
            false => Plan::smallest_effect(most_pairs, &noise, judging)?,
        };
        Ok(Self {
            pilot_pairs: pilot.len(),
            noise: noise.standard_deviation(),
            seconds_per_pair,
            most_pairs,
            plan,
            smallest_effect,
        })
    }

    /// Whether the effect that was asked for is found within the pairs that will be measured.
    pub fn finds_the_effect(&self) -> bool {
        self.plan.is_some_and(|plan| plan.pairs <= self.most_pairs)
    }
}

/// As many pairs as the options and the time allow.
fn most_pairs(options: &Options, seconds_per_pair: f64, spent: f64) -> usize {
    let share_of_control = match options.pairs_per_control {
        0 => 0.0,
        pairs => 1.0 / pairs as f64,
    };
    let within = |seconds: f64| (seconds / (seconds_per_pair * (1.0 + share_of_control))) as usize;
    let per_coin = options.judging.design.pairs_per_coin();
    let pairs = match (options.most_pairs, options.seconds) {
        (Some(pairs), None) => pairs,
        (None, None) => {
            // A third above the fewest, so that not every coin has to fall alike.
            let able = 4 * options.judging.fewest_pairs() / 3;
            within(USUAL_SECONDS).clamp(able, MOST_PAIRS.max(able))
        }
        (pairs, Some(seconds)) => within(seconds - spent).min(pairs.unwrap_or(MOST_PAIRS)),
    };
    pairs.next_multiple_of(per_coin).max(per_coin)
}
