//! The allocator that stands before another and tells of what passes.

use std::alloc::{GlobalAlloc, Layout, System};

use super::record;

/// An allocator that passes everything on to another, and records where it came from while that is asked for.
pub struct HeapSites<A = System> {
    inner: A,
}

impl HeapSites {
    /// In front of the system's allocator.
    pub const fn system() -> Self {
        Self { inner: System }
    }
}

impl<A> HeapSites<A> {
    /// In front of another allocator.
    pub const fn new(inner: A) -> Self {
        Self { inner }
    }
}

// SAFETY: memory comes from the inner allocator and goes back to it with the layout that it was asked for with;
// what is recorded of it never touches it.
unsafe impl<A: GlobalAlloc> GlobalAlloc for HeapSites<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the inner allocator's contract, which is the same.
        let pointer = unsafe { self.inner.alloc(layout) };
        record::allocated(pointer, layout.size());
        pointer
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let pointer = unsafe { self.inner.alloc_zeroed(layout) };
        record::allocated(pointer, layout.size());
        pointer
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // Before the memory is given back: another thread may get the same address the moment it is.
        record::freed(pointer);
        // SAFETY: as above.
        unsafe { self.inner.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let before = record::freed(pointer);
        // SAFETY: as above.
        let moved = unsafe { self.inner.realloc(pointer, layout, size) };
        if moved.is_null() {
            record::still_there(pointer, before);
        } else {
            record::allocated(moved, size);
        }
        moved
    }
}
