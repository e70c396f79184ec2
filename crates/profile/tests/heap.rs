//! The record of allocations, against an allocator that counts.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::hint::black_box;
use std::sync::Mutex;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tachy_profile::heap::{self, HeapSites};

/// Counts by itself what passes through on threads that ask for it, in front of the record.
struct Counting(HeapSites);

thread_local! {
    static COUNTS: Cell<bool> = const { Cell::new(false) };
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<u64> = const { Cell::new(0) };
    static FREED: Cell<u64> = const { Cell::new(0) };
    static FREED_BYTES: Cell<u64> = const { Cell::new(0) };
}

/// Counts a call, and passes it on. What is called for meanwhile is the record's own.
fn counted<T>(numbers: [(&'static Number, usize); 4], call: impl FnOnce() -> T) -> T {
    if !COUNTS.replace(false) {
        return call();
    }
    for (number, amount) in numbers {
        number.set(number.get() + amount as u64);
    }
    let result = call();
    COUNTS.set(true);
    result
}

type Number = std::thread::LocalKey<Cell<u64>>;

// SAFETY: all calls are passed on as they are.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let numbers = [(&ALLOCATIONS, 1), (&BYTES, layout.size()), (&FREED, 0), (&FREED_BYTES, 0)];
        // SAFETY: the caller's contract.
        counted(numbers, || unsafe { self.0.alloc(layout) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let numbers = [(&ALLOCATIONS, 0), (&BYTES, 0), (&FREED, 1), (&FREED_BYTES, layout.size())];
        // SAFETY: the caller's contract.
        counted(numbers, || unsafe { self.0.dealloc(pointer, layout) });
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let numbers =
            [(&ALLOCATIONS, 1), (&BYTES, size), (&FREED, 1), (&FREED_BYTES, layout.size())];
        // SAFETY: the caller's contract.
        counted(numbers, || unsafe { self.0.realloc(pointer, layout, size) })
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting(HeapSites::system());

/// There is one record in a process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[inline(never)]
fn keeps(size: usize) -> Vec<u8> {
    // Not as the last call, which would take this function's place on the stack.
    black_box(vec![1; size])
}

#[inline(never)]
fn frees(size: usize) {
    black_box(vec![1u8; size]);
}

#[test]
fn a_leak_is_named_with_its_site() {
    let _one = ONE_AT_A_TIME.lock();
    let mut kept = Vec::with_capacity(100);
    heap::start(1);
    for number in 0..9_900 {
        frees(32 + number % 64);
        if number % 99 == 0 {
            kept.push(keeps(48));
        }
    }
    let report = heap::stop();
    let site = report.kept()[0];
    assert!(site.name().contains("keeps"), "{report}");
    assert_eq!((site.allocations, site.live, site.live_bytes), (100, 100, 4800));
    let freeing = report.by_count()[0];
    assert!(freeing.name().contains("frees"), "{report}");
    assert_eq!((freeing.allocations, freeing.live), (9_900, 0));
    assert!(report.to_string().contains("keeps"));
    let stacks = report.stacks();
    assert_eq!(stacks.weight(), report.live_bytes);
}

/// Allocates, grows and frees at random, and returns what the allocator counted meanwhile.
#[inline(never)]
fn churn(seed: u64) -> [u64; 4] {
    let mut random = StdRng::seed_from_u64(seed);
    COUNTS.set(true);
    let mut kept: Vec<Vec<u8>> = Vec::with_capacity(64);
    for _ in 0..2_000 {
        match random.random_range(0..4) {
            0 | 1 if kept.len() < 64 => kept.push(vec![0; random.random_range(1..5000)]),
            2 => {
                if let Some(last) = kept.last_mut() {
                    last.reserve_exact(last.capacity() + random.random_range(1..5000));
                }
            }
            _ => drop(kept.pop()),
        }
    }
    COUNTS.set(false);
    std::mem::forget(kept);
    [ALLOCATIONS.get(), BYTES.get(), FREED.get(), FREED_BYTES.get()]
}

#[test]
fn totals_are_the_allocators_own() {
    let _one = ONE_AT_A_TIME.lock();
    heap::start(1);
    let counted: Vec<[u64; 4]> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|seed| scope.spawn(move || churn(seed))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let report = heap::stop();
    let sum = |part: usize| counted.iter().map(|counts| counts[part]).sum::<u64>();
    let sites = report.sites.iter().filter(|site| site.name().contains("churn"));
    let sites: Vec<_> = sites.collect();
    let own = |number: fn(&heap::Site) -> u64| sites.iter().map(|site| number(site)).sum::<u64>();
    assert_eq!(own(|site| site.allocations), sum(0), "{report}");
    assert_eq!(own(|site| site.bytes), sum(1));
    assert_eq!(own(|site| site.live), sum(0) - sum(2));
    assert_eq!(own(|site| site.live_bytes), sum(1) - sum(3));
}

#[test]
fn a_sample_estimates_the_whole() {
    let _one = ONE_AT_A_TIME.lock();
    heap::start(16);
    for _ in 0..64_000 {
        frees(100);
    }
    let report = heap::stop();
    // The gaps are uniform on 0 to 30: the number is 4,000 with a standard deviation of about 36.
    let estimate = report.allocations as f64 * report.period as f64;
    assert!((estimate / 64_000.0 - 1.0).abs() < 0.1, "{estimate}");
}
