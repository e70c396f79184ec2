//! What is tried once the quick heuristics have missed the goal.

use crate::item::{Instance, Item};
use crate::order::{order_by_weights, ranks};
use crate::pack::{Best, Budget};
use crate::random::Random;
use crate::search::{Outcome, Search, neighbours};
use crate::skyline::skyline;

/// Steps of the shortest attempt: many short ones, each in another order, find more than few long ones.
const ATTEMPT: u64 = 100;

/// How far weights are shaken between attempts.
const NOISE: f64 = 0.1;

/// How much of what has been learned an attempt leaves.
const MEMORY: f64 = 0.8;

/// Any number will do; another leads through other orders.
const SEED: u64 = 4;

/// Powers of the length that are tried.
const POWERS: [u32; 4] = [8, 4, 2, 0];

/// Items that the skyline places in the time of one step.
const PLACED_PER_STEP: u64 = 10;

/// Searches for a packing within the goal. If there is none, and the lowest is wanted, halves the distance between what
/// failed and what was found, again and again.
pub(crate) fn search_few(
    instance: &Instance,
    goal: u64,
    lowest: bool,
    budget: &mut Budget<'_>,
    best: &mut Best,
) {
    let neighbours = neighbours(&instance.items);
    let mut restarts = Restarts::new(instance, &neighbours);
    let share = if lowest { budget.steps / 2 } else { budget.steps };
    if restarts.search(goal, share, budget, best) || !lowest {
        return;
    }
    let mut failed = goal;
    // What is found within one capacity may be lower than another that was searched in vain.
    while best.peak > failed + 1 && !budget.spent() {
        let middle = failed.midpoint(best.peak);
        let share = (budget.steps / 4).max(ATTEMPT);
        if !restarts.search(middle, share, budget, best) {
            failed = middle;
        }
    }
}

/// A search that starts again and again, and learns which sections of time are hard.
struct Restarts<'a> {
    instance: &'a Instance,
    neighbours: &'a [Vec<u32>],
    load: Vec<f64>,
    /// How much of the failures happened at each section.
    learned: Vec<f64>,
    random: Random,
}

/// What decides over an order first.
#[derive(Clone, Copy)]
enum Emphasis {
    /// The highest load that the item lives through, then its area.
    Load,
    /// The same, then its length.
    LoadAndLength,
    Length,
    /// The hardest section that the item lives through, then its area.
    Learned,
}

const EMPHASES: [Emphasis; 6] = [
    Emphasis::Load,
    Emphasis::Learned,
    Emphasis::LoadAndLength,
    Emphasis::Learned,
    Emphasis::Length,
    Emphasis::Learned,
];

impl<'a> Restarts<'a> {
    fn new(instance: &'a Instance, neighbours: &'a [Vec<u32>]) -> Self {
        Self {
            instance,
            neighbours,
            load: instance.load().into_iter().map(|load| load as f64).collect(),
            learned: vec![0.0; instance.sections],
            random: Random::new(SEED),
        }
    }

    /// Whether a packing within the capacity was found, with at most so many steps.
    fn search(
        &mut self,
        capacity: u64,
        share: u64,
        budget: &mut Budget<'_>,
        best: &mut Best,
    ) -> bool {
        let mut left = share.min(budget.steps);
        for attempt in 0.. {
            if left == 0 || budget.spent() {
                break;
            }
            // The first of each kind is left as it is.
            let noise = if attempt < EMPHASES.len() { 0.0 } else { NOISE };
            let order = self.order(EMPHASES[attempt % EMPHASES.len()], noise);
            let given = left.min(ATTEMPT * luby(attempt as u64 + 1));
            let mut search =
                Search::new(self.instance, self.neighbours, capacity, ranks(&order), given);
            let outcome = search.run();
            let used = given - search.steps_left();
            left -= used;
            budget.steps -= used;
            match outcome {
                Outcome::Solved => {
                    best.offer(self.instance, search.offsets());
                    return true;
                }
                Outcome::Impossible => return false,
                Outcome::Unknown => self.learn(search.failures()),
            }
        }
        false
    }

    fn learn(&mut self, failures: &[u64]) {
        let most = failures.iter().copied().max().unwrap_or(0).max(1) as f64;
        for (learned, failures) in self.learned.iter_mut().zip(failures) {
            *learned = *learned * MEMORY + *failures as f64 / most;
        }
    }

    /// An order for the items. What is shaken is the weight of a section, so that its items stay together.
    fn order(&mut self, emphasis: Emphasis, noise: f64) -> Vec<u32> {
        let mut shaken = |weights: &[f64]| -> Vec<f64> {
            weights.iter().map(|weight| weight * (1.0 + noise * self.random.unit())).collect()
        };
        let sections = match emphasis {
            Emphasis::Load | Emphasis::LoadAndLength => shaken(&self.load),
            Emphasis::Learned => shaken(&self.learned),
            Emphasis::Length => Vec::new(),
        };
        let hardest = |item: &Item| {
            let sections = &sections[item.lower as usize..item.upper as usize];
            sections.iter().copied().fold(0.0, f64::max)
        };
        let mut weights = Vec::with_capacity(self.instance.items.len());
        for item in &self.instance.items {
            let length = f64::from(item.length());
            let area = length * item.size as f64;
            let (first, second) = match emphasis {
                Emphasis::Load | Emphasis::Learned => (hardest(item), area),
                Emphasis::LoadAndLength => (hardest(item), length),
                Emphasis::Length => (length, area),
            };
            weights.push((first, second * (1.0 + noise * self.random.unit())));
        }
        order_by_weights(&weights)
    }
}

/// The sequence 1 1 2 1 1 2 4 1 …, counted from 1: Luby, Sinclair, Zuckerman: "Optimal speedup of Las Vegas algorithms"
/// (1993).
fn luby(index: u64) -> u64 {
    let mut index = index;
    loop {
        let power = (index + 1).next_power_of_two();
        if power == index + 1 {
            return power / 2;
        }
        index -= power / 2 - 1;
    }
}

/// Best fit on the skyline in ever other orders, for instances too large to be searched.
///
/// An order goes by size × length to some power. Once each power has been tried, the best of them is shaken.
pub(crate) fn improve_many(
    instance: &Instance,
    goal: u64,
    budget: &mut Budget<'_>,
    best: &mut Best,
) {
    let mut random = Random::new(SEED);
    let cost = instance.items.len() as u64 / PLACED_PER_STEP;
    let (mut lowest, mut best_power) = (u64::MAX, POWERS[0]);
    for attempt in 0.. {
        if best.peak <= goal || budget.spent() {
            return;
        }
        let (power, noise) = match POWERS.get(attempt) {
            Some(power) => (*power, 0.0),
            None => (best_power, 2.0 * NOISE),
        };
        let weights: Vec<(f64, f64)> = (instance.items.iter())
            .map(|item| {
                let (length, size) = (f64::from(item.length()), item.size as f64);
                (size * power_of(length, power) * (1.0 + noise * random.unit()), size)
            })
            .collect();
        let offsets = skyline(instance, &ranks(&order_by_weights(&weights)));
        let peak = instance.peak(&offsets);
        if peak < lowest {
            (lowest, best_power) = (peak, power);
        }
        best.offer(instance, offsets);
        budget.steps = budget.steps.saturating_sub(cost);
    }
}

/// The same on every machine, which `powi` does not promise.
fn power_of(base: f64, exponent: u32) -> f64 {
    (0..exponent).fold(1.0, |product, _| product * base)
}
