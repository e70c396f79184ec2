//! What the project's own benchmarks share. Run them with `cargo bench -p tachy-benches`.
#![forbid(unsafe_code)]

use tachy_kernels::AlignedVec;

/// Numbers between -1 and 1, the same for the same seed (a linear congruential generator, Numerical Recipes' constants).
pub fn numbers(length: usize, mut seed: u32) -> AlignedVec {
    let mut numbers = AlignedVec::zeros(length);
    for number in numbers.iter_mut() {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *number = (seed >> 8) as f32 / (1 << 23) as f32 - 1.0;
    }
    numbers
}
