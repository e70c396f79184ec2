//! The six kernels, and what shortens each.

use std::hint::black_box;
use std::time::Instant;

use tachy_profile::analysis::Bound;
use tachy_profile::trace::Work;

/// Elements of the large buffers: 128 MiB each, beyond every cache.
pub const LARGE: usize = 32 << 20;
/// Elements that stay in the nearest cache: 8 KiB.
pub const SMALL: usize = 2048;
/// Elements that one step of the arithmetic takes at once.
const LANES: usize = 96;

/// What a kernel does in one call.
#[derive(Clone, Debug)]
pub enum Shape {
    /// So many multiply-adds on each element of a buffer, which is read again and again if it is short.
    Polynomial { elements: usize, within: usize, rounds: usize },
    /// Copies elements, within a buffer of that length.
    Copy { elements: usize, within: usize },
    /// Sums elements in random order, out of a table of that length.
    Gather { elements: usize, within: usize },
    /// Moves elements to what counts as another device.
    Transfer { elements: usize },
}

/// Buffers that the kernels share.
pub struct Scratch {
    source: Vec<f32>,
    target: Vec<f32>,
    order: Vec<u32>,
}

impl Default for Scratch {
    fn default() -> Self {
        // The steps of a linear congruential generator are random enough for the cache.
        let mut state = 1u32;
        let order = (0..LARGE / 16).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 7
        });
        Self {
            source: (0..LARGE).map(|number| (number % 7) as f32).collect(),
            target: vec![1.0; LARGE],
            order: order.collect(),
        }
    }
}

impl Shape {
    /// The work as a caller would declare it: each byte that is asked for counts once.
    pub fn work(&self) -> Work {
        let element = size_of::<f32>() as f64;
        match *self {
            Self::Polynomial { elements, within, rounds } => Work {
                flops: elements as f64 * (2 * rounds + 1) as f64,
                bytes: elements.min(within) as f64 * element,
                transferred: 0.0,
            },
            Self::Copy { elements, within } => Work {
                flops: 0.0,
                bytes: 2.0 * elements.min(within) as f64 * element,
                transferred: 0.0,
            },
            Self::Gather { elements, .. } => Work {
                flops: elements as f64,
                bytes: 2.0 * elements as f64 * element,
                transferred: 0.0,
            },
            Self::Transfer { elements } => {
                Work { flops: 0.0, bytes: 0.0, transferred: elements as f64 * element }
            }
        }
    }

    pub fn run(&self, scratch: &mut Scratch) {
        match *self {
            Self::Polynomial { elements, within, rounds } => {
                black_box(polynomial(&scratch.source[..within], elements, rounds));
            }
            Self::Copy { elements, within } => {
                for _ in 0..elements.div_ceil(within) {
                    let count = elements.min(within);
                    scratch.target[..count].copy_from_slice(black_box(&scratch.source[..count]));
                    black_box(&mut scratch.target);
                }
            }
            Self::Gather { elements, within } => {
                let table = &scratch.source[..within];
                let order = scratch.order.iter().cycle().take(elements);
                let sum: f32 = order.map(|&place| table[place as usize & (within - 1)]).sum();
                black_box(sum);
            }
            Self::Transfer { elements } => {
                scratch.target[..elements].copy_from_slice(black_box(&scratch.source[..elements]));
                black_box(&mut scratch.target);
            }
        }
    }
}

/// A kernel, and what it would be if less bounded it.
pub struct Kernel {
    pub name: &'static str,
    pub calls: usize,
    pub shape: Shape,
    /// Without most of what it may be bounded by: the shape, and how many calls of the kernel one call of it replaces.
    relieved: Vec<(Bound, Shape, usize)>,
}

impl Kernel {
    #[inline(never)]
    pub fn run(&self, shape: &Shape, scratch: &mut Scratch) {
        shape.run(scratch);
    }

    /// What shortens it most, and to which share of its time.
    pub fn truth(&self, scratch: &mut Scratch) -> (Bound, String) {
        let whole = self.seconds(&self.shape, scratch);
        let shares: Vec<(Bound, f64)> = self
            .relieved
            .iter()
            .map(|(bound, shape, calls)| {
                (*bound, self.seconds(shape, scratch) / *calls as f64 / whole)
            })
            .collect();
        let evidence = shares
            .iter()
            .map(|(bound, share)| format!("{:.0}% with less {bound}", share * 100.0))
            .collect::<Vec<_>>()
            .join(", ");
        let truth = shares.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        (truth.map_or(Bound::Unknown, |best| best.0), evidence)
    }

    /// The least of several calls.
    fn seconds(&self, shape: &Shape, scratch: &mut Scratch) -> f64 {
        self.run(shape, scratch);
        let calls = self.calls.clamp(5, 200);
        let time = |_| {
            let start = Instant::now();
            self.run(shape, scratch);
            start.elapsed().as_secs_f64()
        };
        (0..calls).map(time).fold(f64::INFINITY, f64::min)
    }
}

/// The kernels; what is true of each is measured, not written here.
pub fn kernels() -> Vec<Kernel> {
    use Shape::{Copy, Gather, Polynomial, Transfer};
    let dense = |rounds| Polynomial { elements: 64 * SMALL, within: SMALL, rounds };
    let mixed = |within, rounds| Polynomial { elements: LARGE / 4, within, rounds };
    let tiny = |times| Polynomial { elements: times * LANES, within: SMALL, rounds: 2 };
    vec![
        Kernel {
            name: "dense multiply-adds",
            calls: 20,
            shape: dense(64),
            relieved: vec![
                (Bound::Compute, dense(16), 1),
                (
                    Bound::Memory,
                    Polynomial { elements: 64 * SMALL, within: SMALL / 4, rounds: 64 },
                    1,
                ),
                (
                    Bound::Overhead,
                    Polynomial { elements: 256 * SMALL, within: SMALL, rounds: 64 },
                    4,
                ),
            ],
        },
        Kernel {
            name: "streaming copy",
            calls: 3,
            shape: Copy { elements: LARGE / 2, within: LARGE / 2 },
            relieved: vec![
                (Bound::Memory, Copy { elements: LARGE / 2, within: SMALL }, 1),
                (Bound::Overhead, Copy { elements: LARGE, within: LARGE }, 2),
            ],
        },
        Kernel {
            name: "random gather",
            calls: 3,
            shape: Gather { elements: LARGE / 16, within: LARGE },
            relieved: vec![
                (Bound::Memory, Gather { elements: LARGE / 16, within: SMALL }, 1),
                (Bound::Overhead, Gather { elements: LARGE / 4, within: LARGE }, 4),
            ],
        },
        Kernel {
            name: "tiny calls",
            calls: 10_000,
            shape: tiny(1),
            relieved: vec![
                (Bound::Compute, Polynomial { elements: LANES, within: SMALL, rounds: 1 }, 1),
                (Bound::Memory, Polynomial { elements: LANES, within: LANES, rounds: 2 }, 1),
                (Bound::Overhead, tiny(64), 64),
            ],
        },
        Kernel {
            name: "copy to another device",
            calls: 3,
            shape: Transfer { elements: LARGE / 2 },
            relieved: vec![
                (Bound::Transfer, Transfer { elements: LARGE / 8 }, 1),
                (Bound::Overhead, Transfer { elements: LARGE }, 2),
            ],
        },
        Kernel {
            name: "mixed",
            calls: 3,
            shape: mixed(LARGE / 4, 64),
            relieved: vec![
                (Bound::Compute, mixed(LARGE / 4, 16), 1),
                (Bound::Memory, mixed(SMALL, 64), 1),
            ],
        },
    ]
}

/// Evaluates a polynomial by Horner's rule at each element, and sums the values.
pub fn polynomial(data: &[f32], elements: usize, rounds: usize) -> f32 {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has what the function is compiled for.
            return unsafe { with_avx512(data, elements, rounds) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has what the function is compiled for.
            return unsafe { with_avx2(data, elements, rounds) };
        }
        sums(data, elements, rounds, |a, b, c| a * b + c)
    }
    #[cfg(not(target_arch = "x86_64"))]
    sums(data, elements, rounds, f32::mul_add)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn with_avx512(data: &[f32], elements: usize, rounds: usize) -> f32 {
    sums(data, elements, rounds, f32::mul_add)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2(data: &[f32], elements: usize, rounds: usize) -> f32 {
    sums(data, elements, rounds, f32::mul_add)
}

#[inline(always)]
fn sums(
    data: &[f32],
    elements: usize,
    rounds: usize,
    multiply_add: impl Fn(f32, f32, f32) -> f32 + Copy,
) -> f32 {
    let (factor, term) = (black_box(0.5), black_box(0.25));
    let mut sums = [0.0f32; LANES];
    let steps = elements / LANES;
    let places = data.len() / LANES;
    let mut place = 0;
    for _ in 0..steps {
        let mut values = [0.0f32; LANES];
        values.copy_from_slice(&data[place * LANES..][..LANES]);
        for _ in 0..rounds {
            for value in &mut values {
                *value = multiply_add(*value, factor, term);
            }
        }
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += value;
        }
        place = if place + 1 == places { 0 } else { place + 1 };
    }
    sums.iter().sum()
}
