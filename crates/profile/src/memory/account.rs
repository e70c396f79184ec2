//! The quick way in.

use super::tracker::Inner;
use super::{EventKind, MemoryTracker};
use std::sync::Arc;

/// One purpose on one device, from one place of the program: the quick way to tell a tracker of events.
///
/// It is made once by [`MemoryTracker::account`] and may be cloned and sent to other threads. What is wrong with an
/// event is counted in [`MemoryReport::faults`](super::MemoryReport::faults). Not for use in a global allocator: the
/// tracker allocates from time to time.
#[derive(Clone, Debug)]
pub struct Account {
    pub(super) inner: Arc<Inner>,
    pub(super) number: u32,
    pub(super) device: u16,
}

impl Account {
    /// Tells that `bytes` were allocated, which `id` stands for: an address, a counter, whatever is unique among what
    /// is held on this device.
    #[inline]
    pub fn allocated(&self, id: u64, bytes: u64) {
        self.inner.tell(EventKind::Allocation, id, bytes, self.number, 0);
    }

    /// Tells that an allocation on this device was freed. Its purpose is the one with which it was allocated.
    #[inline]
    pub fn freed(&self, id: u64) {
        self.inner.tell(EventKind::Deallocation, id, 0, self.number, 0);
    }

    /// Tells that `bytes` were copied from this device to that of `to`. What is held where is told by allocations
    /// alone.
    #[inline]
    pub fn transferred(&self, id: u64, bytes: u64, to: &Account) {
        self.inner.tell(EventKind::Transfer, id, bytes, self.number, to.device);
    }

    /// The tracker that it belongs to.
    pub fn tracker(&self) -> MemoryTracker {
        MemoryTracker { inner: self.inner.clone() }
    }
}
