//! What the memory tracker costs, whether it names a leak, and whether its sums are the allocator's own.
//!
//! `cargo run --release -p tachy-profile --example tracker`

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tachy_profile::memory::MemoryTracker;

fn main() {
    cost();
    leak();
    totals();
}

/// Events that one thread tells in one trial.
const EVENTS: u64 = 1_000_000;

fn cost() {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    println!(
        "cost of an event with the trial's own loop, in ns of processor time ({cores} processors, 15 trials)"
    );
    for (name, enabled) in [("on", true), ("off", false)] {
        for threads in [1, 8] {
            let mut trials: Vec<f64> = (0..15).map(|_| trial(threads, enabled)).collect();
            trials.sort_by(f64::total_cmp);
            println!(
                "  {name:<3} {threads} threads: least {:6.2}  median {:6.2}",
                trials[0],
                trials[trials.len() / 2]
            );
        }
    }
}

/// Threads that allocate and free at random among a thousand allocations each.
fn trial(threads: u64, enabled: bool) -> f64 {
    let tracker = MemoryTracker::new();
    tracker.set_enabled(enabled);
    let account = tracker.account("cpu", "activations");
    let barrier = Barrier::new(threads as usize + 1);
    let took = std::thread::scope(|scope| {
        for thread in 0..threads {
            let (account, barrier) = (account.clone(), &barrier);
            scope.spawn(move || {
                let mut held = vec![0_u64; 1000];
                let (mut next, mut random) = (thread << 32, 1_u64);
                barrier.wait();
                for _ in 0..EVENTS / 2 {
                    random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                    let slot = &mut held[(random >> 40) as usize % 1000];
                    if *slot != 0 {
                        account.freed(*slot);
                    }
                    next += 1;
                    account.allocated(next, 64 + (random >> 54));
                    *slot = black_box(next);
                }
                barrier.wait();
            });
        }
        barrier.wait();
        let start = processor_time();
        barrier.wait();
        // What still lies in the queues belongs to the cost.
        black_box(tracker.current("cpu"));
        processor_time() - start
    });
    let report = tracker.report();
    assert_eq!(report.faults.total(), 0);
    let told = if enabled { report.events } else { threads * EVENTS };
    took.as_nanos() as f64 / told as f64
}

/// What all threads of this program took of the processors, whatever else runs on the machine.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("the time is positive")
}

fn leak() {
    let tracker = MemoryTracker::new();
    let weights = tracker.account("cpu", "weights");
    (0..200).for_each(|id| weights.allocated(id, 1 << 20));
    let requests = tracker.account("cpu", "requests");
    let cache = tracker.account("cpu", "cache entries");
    let planted = line!() - 1;
    let mut random = StdRng::seed_from_u64(1);
    let mut held = std::collections::VecDeque::new();
    for id in 1000..1_001_000 {
        // One of a hundred stays behind.
        if random.random_ratio(1, 100) {
            cache.allocated(id, 512);
        } else if random.random_ratio(1, 10) {
            cache.allocated(id, 512);
            held.push_back(id);
        } else {
            requests.allocated(id, random.random_range(1..100_000));
            held.push_back(id);
        }
        while held.len() > 500 {
            let oldest = held.pop_front().expect("there are 500");
            if random.random() {
                requests.freed(oldest)
            } else {
                cache.freed(oldest)
            };
        }
    }
    let report = tracker.report();
    println!("\na planted leak: 1% of a million allocations, from line {planted} of this file");
    for leak in &report.leaks {
        println!(
            "  named: `{}` at {}, {} allocations, {:?}",
            leak.purpose, leak.site, leak.count, leak.sign
        );
    }
    let site = format!("{}:{planted}:", file!());
    let right = matches!(&report.leaks[..], [leak] if leak.site.starts_with(&site));
    println!("  that alone, with its place: {}", if right { "yes" } else { "NO" });
}

/// Counts what threads allocate while they say so.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local!(static COUNTED: Cell<bool> = const { Cell::new(false) });

static ALLOCATED: AtomicU64 = AtomicU64::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);
static FREES: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is left to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTED.get() {
            ALLOCATED.fetch_add(layout.size() as u64, Ordering::Relaxed);
            ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller keeps the rules of the trait.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if COUNTED.get() {
            FREED.fetch_add(layout.size() as u64, Ordering::Relaxed);
            FREES.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller keeps the rules of the trait.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn counted<T>(work: impl FnOnce() -> T) -> T {
    COUNTED.set(true);
    let done = work();
    COUNTED.set(false);
    done
}

/// Eight threads allocate and free a million times, often what another thread allocated.
fn totals() {
    let tracker = MemoryTracker::new();
    let account = tracker.account("cpu", "buffers");
    let shelf: Vec<Mutex<Option<Vec<u8>>>> = (0..4096).map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (account, shelf) = (account.clone(), &shelf);
            scope.spawn(move || {
                let mut random = StdRng::seed_from_u64(thread);
                let mut events = 0;
                while events < 125_000 {
                    let bytes = random.random_range(1..5000);
                    let buffer: Vec<u8> = counted(|| Vec::with_capacity(bytes));
                    account.allocated(buffer.as_ptr().addr() as u64, buffer.capacity() as u64);
                    let place = &shelf[random.random_range(0..shelf.len())];
                    let before = place.lock().expect("nobody panics").replace(buffer);
                    events += 1;
                    if let Some(buffer) = before {
                        account.freed(buffer.as_ptr().addr() as u64);
                        counted(|| drop(buffer));
                        events += 1;
                    }
                }
            });
        }
    });
    let report = tracker.report();
    let figures = report.devices[0].figures;
    let told = [figures.allocated, figures.allocations, figures.deallocations, figures.current];
    let [allocated, allocations, frees, freed] =
        [&ALLOCATED, &ALLOCATIONS, &FREES, &FREED].map(|counter| counter.load(Ordering::Relaxed));
    let own = [allocated, allocations, frees, allocated - freed];
    println!("\nsums over {} random events from eight threads", report.events);
    for (name, (told, own)) in
        ["bytes in all", "allocations", "frees", "bytes held"].iter().zip(told.iter().zip(own))
    {
        println!("  {name:<13} tracker {told:>12}  allocator {own:>12}");
    }
    println!(
        "  equal: {}; faults: {}",
        if told == own { "yes" } else { "NO" },
        report.faults.total()
    );
}
