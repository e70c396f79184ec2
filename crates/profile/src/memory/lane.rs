//! The way of events from one thread to the ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::event::RawEvent;

/// Events that a lane holds: enough that the ledger is rarely taken, few enough to stay in the cache.
const CAPACITY: u64 = 512;

/// A queue that one thread writes, and whoever holds the ledger reads. Nobody waits on it.
#[derive(Debug)]
pub(super) struct Lane {
    /// Events that were ever written; on a cache line of its own, as is `read`.
    written: Padded,
    read: Padded,
    /// No thread will write again.
    closed: AtomicBool,
    events: Box<[[AtomicU64; 4]]>,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded(AtomicU64);

impl Lane {
    fn new() -> Self {
        let events = (0..CAPACITY).map(|_| Default::default()).collect();
        let closed = AtomicBool::new(false);
        Self { written: Padded::default(), read: Padded::default(), closed, events }
    }

    /// Takes out the events until `horizon`, in ticks, in the order in which they were written. Only for the ledger's
    /// holder.
    pub(super) fn take(&self, horizon: u64, mut event: impl FnMut(RawEvent)) {
        let mut read = self.read.0.load(Ordering::Relaxed);
        let written = self.written.0.load(Ordering::Acquire);
        while read < written {
            let words = &self.events[(read % CAPACITY) as usize];
            let next =
                RawEvent::from_words(std::array::from_fn(|n| words[n].load(Ordering::Relaxed)));
            if next.ticks > horizon {
                break;
            }
            event(next);
            read += 1;
        }
        // The writer may overwrite what was read, but nothing that is still being read.
        self.read.0.store(read, Ordering::Release);
    }

    /// Whether nothing is in it and nothing will be.
    pub(super) fn is_finished(&self) -> bool {
        self.closed.load(Ordering::Acquire)
            && self.read.0.load(Ordering::Relaxed) == self.written.0.load(Ordering::Acquire)
    }
}

/// The writing end of a lane.
#[derive(Debug)]
pub(super) struct Writer {
    lane: Arc<Lane>,
    /// The time of the event that was written last.
    last: u64,
    written: u64,
    /// `written` may go as far without a look at what was read.
    limit: u64,
}

impl Writer {
    pub(super) fn new() -> (Self, Arc<Lane>) {
        let lane = Arc::new(Lane::new());
        (Self { lane: lane.clone(), last: 0, written: 0, limit: CAPACITY }, lane)
    }

    /// Writes an event; returns whether there was room.
    #[inline]
    pub(super) fn push(&mut self, mut event: RawEvent) -> bool {
        if self.written == self.limit {
            self.limit = self.lane.read.0.load(Ordering::Acquire) + CAPACITY;
            if self.written == self.limit {
                return false;
            }
        }
        // A processor may read its counter out of order, if by a hair.
        event.ticks = event.ticks.max(self.last);
        self.last = event.ticks;
        let slot = &self.lane.events[(self.written % CAPACITY) as usize];
        for (slot, word) in slot.iter().zip(event.to_words()) {
            slot.store(word, Ordering::Relaxed);
        }
        self.written += 1;
        self.lane.written.0.store(self.written, Ordering::Release);
        true
    }

    /// Whether the tracker at the other end is gone.
    pub(super) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.lane) == 1
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.lane.closed.store(true, Ordering::Release);
    }
}
