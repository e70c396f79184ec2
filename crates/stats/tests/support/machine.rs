//! A simulated machine that runs pairs of processes, and what is found out on it.
#![allow(dead_code)]

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tachy_stats::{Design, Duel, DuelOptions, Noise, Order, Outcome, Pair, Plan, paired_ratio};

/// The shape of what makes processes of one program differ, each with a spread of about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    Normal,
    /// Skewed: a floor and an excess whose logarithm is normal.
    LogNormal,
    /// Two modes, as memory layout may have it: 65% at one end, 35% at the other.
    Bimodal,
    /// Student's t with two degrees of freedom, whose variance is infinite.
    HeavyTailed,
}

pub const SPREADS: [Spread; 4] =
    [Spread::Normal, Spread::LogNormal, Spread::Bimodal, Spread::HeavyTailed];

impl Spread {
    /// The standard deviation; for the heavy tails that of the normal distribution with like quartiles.
    pub fn deviation(self) -> f64 {
        match self {
            Spread::HeavyTailed => 1.21,
            _ => 1.0,
        }
    }

    pub fn draw(self, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            Spread::Normal => normal(rng),
            // The standard deviation of exp(0.8 z) is 1.30.
            Spread::LogNormal => (0.8 * normal(rng)).exp() / 1.30,
            Spread::Bimodal => {
                let mode = if rng.random::<f64>() < 0.65 { 0.0 } else { 2.0 };
                mode + 0.3 * normal(rng)
            }
            // A chi-squared with two degrees of freedom is twice an exponential.
            Spread::HeavyTailed => normal(rng) / (-(1.0 - rng.random::<f64>()).ln()).sqrt(),
        }
    }
}

pub fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

/// What befalls processes on a machine, beside their own spread.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    pub spread: Spread,
    /// The size of the spread, as a logarithm.
    pub noise: f64,
    /// What the second process of a pair takes longer, as a logarithm.
    pub second_costs: f64,
    /// A neighbour that comes and goes, and slows all processes by 20% while it is there.
    pub bursts: bool,
}

impl Machine {
    pub fn quiet(spread: Spread, noise: f64) -> Self {
        Self { spread, noise, second_costs: 0.0, bursts: false }
    }

    pub fn restless(spread: Spread, noise: f64) -> Self {
        Self { second_costs: 0.5 * noise, bursts: true, ..Self::quiet(spread, noise) }
    }

    /// Pairs without end, of a candidate `ratio` times as slow as the reference.
    pub fn pairs(self, ratio: f64, design: Design, seed: u64) -> impl Iterator<Item = Pair> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(1);
        let mut neighbour = false;
        let mut drift = 0.0;
        design.orders(seed).map(move |order| {
            let mut process = |effect: f64, second: bool| {
                // A burst lasts five processes on average and leaves twenty alone.
                let turns = if neighbour { 0.2 } else { 0.05 };
                neighbour ^= self.bursts && rng.random::<f64>() < turns;
                drift += if self.bursts { 0.1 * self.noise * normal(&mut rng) } else { 0.0 };
                let slowed = if neighbour { 0.2 } else { 0.0 };
                let position = if second { self.second_costs } else { 0.0 };
                let own = self.noise * self.spread.draw(&mut rng);
                (effect + own + slowed + position + drift).exp()
            };
            let (candidate, reference) = match order {
                Order::CandidateFirst => {
                    let first = process(ratio.ln(), false);
                    (first, process(0.0, true))
                }
                Order::ReferenceFirst => {
                    let first = process(0.0, false);
                    (process(ratio.ln(), true), first)
                }
            };
            Pair::new(candidate, reference, order).expect("times are above zero")
        })
    }
}

/// The share of fixed-size intervals that hold the ratio.
pub fn coverage(machine: Machine, design: Design, pairs: usize, trials: usize) -> f64 {
    let ratio = 1.03;
    let held = (0..trials).filter(|&trial| {
        let pairs: Vec<Pair> = machine.pairs(ratio, design, trial as u64).take(pairs).collect();
        let estimate = paired_ratio(&pairs, design, 0.95).unwrap().unwrap();
        estimate.interval.unwrap().contains(ratio)
    });
    held.count() as f64 / trials as f64
}

/// What became of duels that were watched after every pair.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub faster: usize,
    pub slower: usize,
    pub same: usize,
    pub unsure: usize,
    /// After how many pairs each stopped, ascending; those without a verdict at the most.
    pub stops: Vec<usize>,
}

impl Tally {
    pub fn trials(&self) -> usize {
        self.stops.len()
    }

    /// The number of pairs after which this share of the duels has stopped.
    pub fn stopped(&self, share: f64) -> usize {
        self.stops[((share * self.stops.len() as f64).ceil() as usize).max(1) - 1]
    }

    pub fn add(&mut self, other: &Tally) {
        self.faster += other.faster;
        self.slower += other.slower;
        self.same += other.same;
        self.unsure += other.unsure;
        self.stops.extend(&other.stops);
        self.stops.sort_unstable();
    }
}

/// Watches duels of a candidate `ratio` times as slow, each until its first verdict, for `most` pairs.
pub fn watch(
    machine: Machine,
    ratio: f64,
    options: DuelOptions,
    most: usize,
    trials: usize,
) -> Tally {
    let mut tally = Tally::default();
    for trial in 0..trials {
        let mut duel = Duel::new(options).unwrap();
        let mut outcome = Outcome::Unsure;
        for pair in machine.pairs(ratio, options.design, 1_000_000 + trial as u64).take(most) {
            outcome = duel.observe(pair).unwrap();
            if outcome != Outcome::Unsure {
                break;
            }
        }
        *match outcome {
            Outcome::Faster => &mut tally.faster,
            Outcome::Slower => &mut tally.slower,
            Outcome::Same => &mut tally.same,
            Outcome::Unsure => &mut tally.unsure,
        } += 1;
        tally.stops.push(duel.pairs());
    }
    tally.stops.sort_unstable();
    tally
}

/// What a plan announced, and how the duels after it went.
#[derive(Debug, Default)]
pub struct Power {
    /// The share of pilots too noisy for a plan.
    pub without_plan: f64,
    /// The number of pairs announced, on average over the pilots.
    pub announced: f64,
    /// The number that a test of fixed size needs, on average.
    pub fixed: f64,
    /// The share in which the effect was found within the number announced.
    pub found: f64,
    /// The share in which the larger effect was found within 60% of the number announced.
    pub larger_found: f64,
    /// After how many pairs the larger effect was found in half of the trials.
    pub larger_median: usize,
}

/// Pilots of `pilot` pairs of equals, a plan for 2% from each, then duels with 2% and with 5%.
pub fn power(machine: Machine, options: DuelOptions, pilot: usize, trials: usize) -> Power {
    let mut power = Power::default();
    let mut stops = vec![0];
    let pilots = trials.div_ceil(DUELS_PER_PILOT);
    for number in 0..pilots {
        let seed = 5_000_000 + 1000 * number as u64;
        let pairs: Vec<Pair> = machine.pairs(1.0, options.design, seed).take(pilot).collect();
        let noise = Noise::of_pairs(&pairs, options.design).unwrap().unwrap();
        let Some(plan) = Plan::for_effect(0.02, &noise, &options).unwrap() else {
            power.without_plan += 1.0 / pilots as f64;
            continue;
        };
        power.announced += plan.pairs as f64 / pilots as f64;
        power.fixed += plan.fixed_pairs as f64 / pilots as f64;
        for duel in 0..DUELS_PER_PILOT {
            let found = |ratio: f64, most: usize| {
                let mut watched = Duel::new(options).unwrap();
                let pairs = machine.pairs(ratio, options.design, seed + 1 + duel as u64);
                let mut pairs = pairs.take(most);
                let last = pairs.find_map(|pair| {
                    let outcome = watched.observe(pair).unwrap();
                    (outcome != Outcome::Unsure).then_some(outcome)
                });
                (last == Some(Outcome::Slower), watched.pairs())
            };
            let share = 1.0 / (pilots * DUELS_PER_PILOT) as f64;
            power.found += if found(1.02, plan.pairs).0 { share } else { 0.0 };
            let (is_found, stopped) = found(1.05, (0.6 * plan.pairs as f64) as usize);
            power.larger_found += if is_found { share } else { 0.0 };
            stops.push(stopped);
        }
    }
    stops.sort_unstable();
    power.larger_median = stops[stops.len() / 2];
    power
}

/// A plan takes as long as many duels do.
const DUELS_PER_PILOT: usize = 10;
