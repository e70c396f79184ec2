//! Counting what is allocated.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tachy_measure::function::{Gauge, Tally};

static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// An allocator that counts what benchmarks allocate, and leaves the work to another.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: tachy_bench::AllocationCounter = tachy_bench::AllocationCounter::system();
/// ```
///
/// Counted are the allocations of all threads while a benchmark does what is to be measured, in iterations of their own
/// that are not timed. Memory that grows counts as one allocation, of the bytes that it grows by.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllocationCounter<A = System> {
    inner: A,
}

impl AllocationCounter {
    /// A counter before the system's allocator.
    pub const fn system() -> Self {
        Self { inner: System }
    }
}

impl<A> AllocationCounter<A> {
    /// A counter before another allocator.
    pub const fn around(inner: A) -> Self {
        Self { inner }
    }
}

#[inline]
fn count(bytes: usize) {
    if COUNTING.load(Ordering::Relaxed) {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the inner allocator as it came; counting allocates nothing.
unsafe impl<A: GlobalAlloc> GlobalAlloc for AllocationCounter<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller keeps what `alloc` asks for.
        unsafe { self.inner.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps what `dealloc` asks for, and the inner allocator gave the pointer.
        unsafe { self.inner.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller keeps what `alloc_zeroed` asks for.
        unsafe { self.inner.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size > layout.size() {
            count(size - layout.size());
        }
        // SAFETY: the caller keeps what `realloc` asks for, and the inner allocator gave the pointer.
        unsafe { self.inner.realloc(pointer, layout, size) }
    }
}

/// The gauge that the counter is read by.
pub(crate) struct AllocationTally(());

impl AllocationTally {
    /// The gauge, if the program's allocator is a counter.
    pub(crate) fn new() -> Option<Self> {
        let mut tally = Self(());
        tally.start();
        drop(black_box(Box::new(black_box(0_u8))));
        tally.stop();
        (tally.take().0 > 0).then_some(tally)
    }
}

impl Gauge for AllocationTally {
    fn start(&mut self) {
        COUNTING.store(true, Ordering::SeqCst);
    }

    fn stop(&mut self) {
        COUNTING.store(false, Ordering::SeqCst);
    }
}

impl Tally for AllocationTally {
    fn take(&mut self) -> (u64, u64) {
        (ALLOCATIONS.swap(0, Ordering::SeqCst), BYTES.swap(0, Ordering::SeqCst))
    }
}
