//! Problems made from a seed, for tests and for timing the planner.

use crate::problem::{Buffer, Problem};
use crate::random::Random;

/// A way to make problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Births and deaths anywhere, sizes up to 1 MiB.
    Uniform,
    /// Lives of a few steps, a birth at every step, sizes over six orders of magnitude.
    Short,
    /// Lives and sizes both spread evenly over their orders of magnitude.
    Logarithmic,
    /// A full arena cut into pieces: a plan without any gap exists.
    Tight,
    /// A network: each step reads the last one or two results and writes one; a few results live on over long skips.
    Network,
}

impl Distribution {
    /// All of them.
    pub const ALL: [Distribution; 5] =
        [Self::Uniform, Self::Short, Self::Logarithmic, Self::Tight, Self::Network];

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Short => "short",
            Self::Logarithmic => "logarithmic",
            Self::Tight => "tight",
            Self::Network => "network",
        }
    }

    /// A problem of so many buffers.
    pub fn problem(self, count: usize, seed: u64) -> Problem {
        let random = &mut Random::new(seed);
        let steps = count.max(1) as u64;
        let buffers = match self {
            Self::Uniform => (0..count)
                .map(|_| {
                    let (a, b) = (random.below(steps), random.below(steps));
                    Buffer::new(a.min(b)..a.max(b) + 1, 1 + random.below(1 << 20))
                })
                .collect(),
            Self::Short => (0..steps)
                .map(|step| {
                    let length = 1 + random.below(16);
                    Buffer::new(step..step + length, logarithmic(random, 64.0, 6.4e7))
                })
                .take(count)
                .collect(),
            Self::Logarithmic => (0..count)
                .map(|_| {
                    let lower = random.below(steps);
                    let length = logarithmic(random, 1.0, steps as f64);
                    Buffer::new(lower..lower + length, logarithmic(random, 64.0, 1.0e6))
                })
                .collect(),
            Self::Tight => tight(random, count, steps),
            Self::Network => network(random, count),
        };
        Problem::new(buffers)
    }
}

fn logarithmic(random: &mut Random, low: f64, high: f64) -> u64 {
    (low * (high / low).powf(random.unit())) as u64
}

/// Cuts a rectangle again and again, in time or in space.
fn tight(random: &mut Random, count: usize, steps: u64) -> Vec<Buffer> {
    let mut whole = vec![(0..steps.max(2), 0..1_u64 << 30)];
    let mut next = 0;
    while whole.len() < count {
        let index = next % whole.len();
        next = index + 1;
        let (time, space) = whole[index].clone();
        let (long, large) = (time.end - time.start, (space.end - space.start) / 64);
        if long > 1 && (large < 2 || random.below(2) == 0) {
            let cut = time.start + 1 + random.below(long - 1);
            whole[index] = (time.start..cut, space.clone());
            whole.push((cut..time.end, space));
        } else if large > 1 {
            let cut = space.start + 64 * (1 + random.below(large - 1));
            whole[index] = (time.clone(), space.start..cut);
            whole.push((time, cut..space.end));
        }
    }
    // In an order that tells nothing of how it was cut.
    for index in (1..whole.len()).rev() {
        whole.swap(index, random.below(index as u64 + 1) as usize);
    }
    whole
        .into_iter()
        .map(|(time, space)| Buffer::new(time, space.end - space.start))
        .take(count)
        .collect()
}

/// Stages that halve the resolution as they go; within a stage, blocks with a residual around each.
fn network(random: &mut Random, count: usize) -> Vec<Buffer> {
    let mut size = 64 * (1 + random.below(1 << 14));
    (0..count as u64)
        .map(|step| {
            if random.below(24) == 0 {
                size = 64 * (1 + random.below(1 << 14));
            }
            let expanded = if random.below(3) == 0 { 4 } else { 1 };
            let length = match random.below(100) {
                0 => 20 + random.below(200),
                1..=20 => 4 + random.below(3),
                21..=40 => 3,
                _ => 2,
            };
            let lifetime = step..(step + length).min(count as u64 + 1);
            Buffer::new(lifetime, size * expanded)
        })
        .collect()
}
