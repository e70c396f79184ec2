//! What one thread of this machine can do at best.

use std::hint::black_box;
use std::time::Instant;

use tachy_profile::trace::Machine;

use crate::kernels::{LARGE, SMALL, polynomial};

/// Measures the peaks, each as the best of several short runs.
pub fn measure() -> Machine {
    let mut source = vec![1.0f32; LARGE];
    let mut target = vec![2.0f32; LARGE];
    let mut bandwidth = Vec::new();
    for elements in [SMALL, 32 * SMALL, 512 * SMALL, LARGE] {
        let times = (LARGE / 4 / elements).max(1);
        let seconds = best(|| {
            for _ in 0..times {
                target[..elements].copy_from_slice(black_box(&source[..elements]));
                black_box(&mut target);
            }
        });
        // Read and written: twice the elements, and both buffers must fit.
        let bytes = (2 * elements * size_of::<f32>()) as f64;
        bandwidth.push((bytes, bytes * times as f64 / seconds));
    }
    let transfer = {
        let seconds = best(|| {
            source.copy_from_slice(black_box(&target));
            black_box(&mut source);
        });
        size_of_val(&source[..]) as f64 / seconds
    };
    let (elements, rounds) = (64 * SMALL, 512);
    let seconds = best(|| {
        black_box(polynomial(&source[..SMALL], elements, rounds));
    });
    Machine {
        flops: elements as f64 * (2 * rounds + 1) as f64 / seconds,
        bandwidth,
        overhead: empty_operation(),
        transfer,
    }
}

fn best(mut run: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..7).map(time).fold(f64::INFINITY, f64::min)
}

/// The median span around a call that does nothing.
fn empty_operation() -> f64 {
    let start = Instant::now();
    let nothing: fn() = black_box(|| {});
    let mut times: Vec<u128> = (0..10_000)
        .map(|_| {
            let begin = start.elapsed();
            nothing();
            (start.elapsed() - begin).as_nanos()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2] as f64 * 1e-9
}
