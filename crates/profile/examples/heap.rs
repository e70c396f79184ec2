//! Where memory goes: a planted leak of 1% of the allocations, and what the record costs.
//!
//! `cargo run --release -p tachy-profile --features heap --example heap`

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use tachy_profile::heap::{self, HeapSites};

#[global_allocator]
static ALLOCATOR: HeapSites = HeapSites::system();

const ALLOCATIONS: usize = 100_000;

#[inline(never)]
fn tokenise(size: usize) {
    black_box(vec![0u8; size]);
}

#[inline(never)]
fn embed(size: usize) {
    black_box(vec![0f32; size]);
}

#[inline(never)]
fn fill_cache(size: usize) -> Vec<u8> {
    vec![0u8; size]
}

#[inline(never)]
fn forget_result(size: usize) {
    std::mem::forget(black_box(vec![0u8; size]));
}

fn work() {
    for number in 0..ALLOCATIONS {
        match number % 100 {
            0 => forget_result(64),
            part if part < 60 => tokenise(16 + part),
            part => embed(part),
        }
    }
}

fn main() -> ExitCode {
    println!("nothing recorded:  {:>7.1} ns an allocation and its end", cost(None));
    println!("one in 100:        {:>7.1} ns", cost(Some(100)));
    println!("all recorded:      {:>7.1} ns", cost(Some(1)));

    heap::start(1);
    // What is kept on purpose is larger than the leak, but it is only a few allocations.
    let cache: Vec<Vec<u8>> = (0..10).map(|_| fill_cache(100_000)).collect();
    work();
    let report = heap::stop();
    drop(cache);
    println!("\n{report}");
    let Some(leak) = report.kept().into_iter().next() else {
        println!("Nothing was kept.");
        return ExitCode::FAILURE;
    };
    println!("most allocations that were never freed: {} in {}", leak.live, leak.name());
    let right = leak.name().contains("forget_result") && leak.live == ALLOCATIONS as u64 / 100;
    println!("the planted leak is {}", if right { "found" } else { "NOT found" });
    if right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Nanoseconds for an allocation and its end: the least of five runs.
fn cost(period: Option<u64>) -> f64 {
    let run = |_| {
        if let Some(period) = period {
            heap::start(period);
        }
        let start = Instant::now();
        for _ in 0..20_000 {
            tokenise(64);
        }
        let seconds = start.elapsed().as_secs_f64();
        if period.is_some() {
            heap::stop();
        }
        seconds / 20_000.0 * 1e9
    };
    (0..5).map(run).fold(f64::INFINITY, f64::min)
}
