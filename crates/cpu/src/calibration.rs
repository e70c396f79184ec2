//! What this machine can do: the ceilings that kernels are measured against.
#![allow(unsafe_code)]

use std::num::NonZeroUsize;
use std::time::Instant;

use tachy_graph::cost::{MachineModel, MemoryLevel};
use tachy_kernels::lanes::Isa;
use tachy_kernels::product::{Epilogue, MatrixMut, MatrixRef, Packed, Product};
use tachy_runtime::Result;

use crate::workers::Workers;

/// Measures the machine with so many threads: a matrix product from the second cache, and copies of sizes that fit into
/// each level of memory. Takes about half a second.
///
/// # Errors
/// If the system does not give the threads.
pub fn calibrate(threads: NonZeroUsize) -> Result<MachineModel> {
    let workers = Workers::new(threads)?;
    let level = |kibibytes: usize, size: f64| MemoryLevel {
        size,
        bandwidth: copy_rate(&workers, kibibytes * 1024 / 8),
    };
    let kibibyte = 1024.0;
    Ok(MachineModel {
        flop_rate: flop_rate(&workers),
        levels: vec![
            level(16, 32.0 * kibibyte),
            level(384, 768.0 * kibibyte),
            level(6 * 1024, 12.0 * 1024.0 * kibibyte),
            level(192 * 1024, f64::INFINITY),
        ],
        kernel_overhead: least_product(),
    })
}

/// The shortest time of what is repeated for so many seconds.
fn fastest(seconds: f64, mut work: impl FnMut()) -> f64 {
    let begin = Instant::now();
    let mut fastest = f64::INFINITY;
    while begin.elapsed().as_secs_f64() < seconds {
        let start = Instant::now();
        work();
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    fastest
}

/// Operations in a second of a product of matrices that stay in the caches.
fn flop_rate(workers: &Workers) -> f64 {
    let (m, k, n) = (216 * workers.threads(), 256, 192);
    let isa = Isa::best();
    let weights = Packed::new(isa, m, (k, n), &vec![0.5; k * n], n, 1);
    let product = Product::new(isa, workers.threads(), m, weights.layout().clone());
    let a = vec![0.5f32; m * k];
    let mut out = vec![0.0f32; m * n];
    let (from, to) = (Address(a.as_ptr().cast_mut()), Address(out.as_mut_ptr()));
    let seconds = fastest(0.1, || {
        workers.team().run(product.tasks(), |task| {
            let (from, to) = (&from, &to);
            let a = MatrixRef { first: from.0, pitch: k };
            let out = MatrixMut { first: to.0, pitch: n };
            // SAFETY: the matrices have these sizes, and tasks write blocks of their own.
            unsafe { product.run(task, a, weights.elements(), None, Epilogue::NONE, out) };
        });
    });
    2.0 * (m * k * n) as f64 / seconds
}

/// Seconds of a product of one number by one number: what a kernel takes before it does anything.
fn least_product() -> f64 {
    let isa = Isa::best();
    let weights = Packed::new(isa, 1, (1, 1), &[0.5], 1, 1);
    let product = Product::new(isa, 1, 1, weights.layout().clone());
    let (a, mut out) = (0.5f32, 0.0f32);
    let repeats = 1000;
    let seconds = fastest(0.02, || {
        for _ in 0..repeats {
            let from = MatrixRef { first: std::hint::black_box(&raw const a), pitch: 1 };
            let to = MatrixMut { first: &raw mut out, pitch: 1 };
            // SAFETY: the matrices hold one number each.
            unsafe { product.run(0, from, weights.elements(), None, Epilogue::NONE, to) };
        }
    });
    seconds / f64::from(repeats)
}

/// Bytes read and written in a second when so many numbers are copied.
fn copy_rate(workers: &Workers, length: usize) -> f64 {
    let from = vec![0.5f32; length];
    let mut to = vec![0.0f32; length];
    let chunk = length.div_ceil(workers.threads());
    // Small copies are repeated, so that the clock is not what is measured.
    let repeats = (1_usize << 20).div_ceil(length);
    let seconds = fastest(0.1, || {
        for _ in 0..repeats {
            workers.for_each_chunk(&mut to, chunk, |index, to| {
                to.copy_from_slice(&from[index * chunk..index * chunk + to.len()]);
            });
            std::hint::black_box(&mut to);
        }
    });
    8.0 * (length * repeats) as f64 / seconds
}

struct Address(*mut f32);

// SAFETY: tasks write blocks of their own.
unsafe impl Sync for Address {}
