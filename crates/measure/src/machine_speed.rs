//! How fast the machine is just now: a kernel that never changes, timed beside everything else.

use std::hint::black_box;
use std::time::Instant;

/// Words of the table that the chain walks through: half of a small first cache.
const WORDS: usize = 2048;
/// Steps of the chain, which take some tens of microseconds.
const STEPS: u32 = 4096;
/// Samples that are taken at once.
const SAMPLES: usize = 3;

/// Times a chain of multiplications and loads.
///
/// Each of its steps waits for the one before it, so that no compiler and no wider vectors make it faster: its time tells
/// the processor's frequency, and what somebody else on the machine takes of it, and nothing of the code that is measured.
/// It tells nothing of the memory's speed either.
pub struct MachineSpeed {
    table: Box<[u64; WORDS]>,
}

impl MachineSpeed {
    /// Fills the table.
    pub fn new() -> Self {
        let mut state = 1;
        let table = std::array::from_fn(|_| {
            state = step(state, 0);
            state
        });
        Self { table: Box::new(table) }
    }

    /// A few samples, in seconds.
    pub fn sample(&self) -> Vec<f64> {
        // The first walk brings the table back into the cache.
        black_box(self.walk(black_box(1)));
        let sample = |_| {
            let start = Instant::now();
            black_box(self.walk(black_box(1)));
            start.elapsed().as_secs_f64()
        };
        (0..SAMPLES).map(sample).collect()
    }

    fn walk(&self, start: u64) -> u64 {
        (0..STEPS).fold(start, |state, _| step(state, self.table[(state >> 32) as usize % WORDS]))
    }
}

impl Default for MachineSpeed {
    fn default() -> Self {
        Self::new()
    }
}

/// Knuth's linear congruential generator for 64 bits, over what was loaded.
fn step(state: u64, loaded: u64) -> u64 {
    (state ^ loaded).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_never_changes() {
        // Whoever changes this value makes every time that was ever divided by the kernel's incomparable.
        assert_eq!(MachineSpeed::new().walk(1), 0xe70a_0ae7_0627_3e9e);
    }

    #[test]
    fn it_visits_the_whole_table() {
        let speed = MachineSpeed::new();
        let (mut state, mut seen) = (1, vec![false; WORDS]);
        for _ in 0..8 * STEPS {
            let place = (state >> 32) as usize % WORDS;
            seen[place] = true;
            state = step(state, speed.table[place]);
        }
        assert!(seen.iter().filter(|seen| **seen).count() > WORDS * 9 / 10);
    }
}
