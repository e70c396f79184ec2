//! What one thread records into.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

use super::pool::{Block, Pool};
use super::ring::{Record, Ring};
use crate::clock::ticks;
use crate::trace::Thread;

/// Spans that may be open at a time on one thread; deeper ones are dropped, and counted.
pub(super) const DEPTH: usize = 256;

/// The place of a span that was not recorded.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What one thread records into, session after session. Only its thread writes; whoever holds the registry's lock
/// reads.
///
/// A thread joins a session with its first span in it, without asking anybody: it notes the session's number and from
/// which record on its ring belongs to it.
pub(super) struct Recorder {
    pub thread: Thread,
    pub ring: Ring,
    pool: Arc<Pool>,
    /// The session that the thread joined last.
    session: AtomicU32,
    /// The number of the session's first record.
    first: AtomicUsize,
    /// How many spans are open.
    depth: AtomicU32,
    open: [Open; DEPTH],
    /// How many spans are open for which there was no place. The thread's own.
    too_deep: Cell<u32>,
    dropped: AtomicU64,
    unbalanced: AtomicU64,
}

// SAFETY: the one field that cannot be shared is `too_deep`, which only the thread itself uses: it is private to this
// module, and touched only by the methods that are the thread's own.
unsafe impl Sync for Recorder {}

/// A span that has begun.
#[derive(Default)]
struct Open {
    operation: AtomicU32,
    start: AtomicU64,
}

/// What a thread has to say at the end of a session, besides its records.
#[derive(Clone, Debug, Default)]
pub(super) struct Remainder {
    /// Operation and start of the spans that are open still, the outermost first.
    pub open: Vec<(u32, u64)>,
    pub dropped: u64,
    pub unbalanced: u64,
}

impl Recorder {
    pub fn new(thread: Thread, pool: Arc<Pool>) -> Self {
        Self {
            thread,
            ring: Ring::new(),
            pool,
            session: AtomicU32::new(0),
            first: AtomicUsize::new(0),
            depth: AtomicU32::new(0),
            open: std::array::from_fn(|_| Open::default()),
            too_deep: Cell::new(0),
            dropped: AtomicU64::new(0),
            unbalanced: AtomicU64::new(0),
        }
    }

    /// The session that the thread joined last.
    #[inline]
    pub fn session(&self) -> u32 {
        self.session.load(Ordering::Relaxed)
    }

    /// Joins a session. The thread's own.
    #[cold]
    #[inline(never)]
    pub fn join(&self, session: u32) {
        // What the session's start prepared for this thread is seen from here on.
        fence(Ordering::Acquire);
        self.depth.store(0, Ordering::Relaxed);
        self.too_deep.set(0);
        self.dropped.store(0, Ordering::Relaxed);
        self.unbalanced.store(0, Ordering::Relaxed);
        self.first.store(self.ring.written(), Ordering::Relaxed);
        self.session.store(session, Ordering::Release);
    }

    /// Has a block ready. The thread's own.
    pub fn reserve(&self, block: impl FnOnce() -> Option<Box<Block>>) {
        // SAFETY: methods that are the thread's own are called on it alone, so that it is the ring's only writer.
        unsafe { self.ring.reserve(block) };
    }

    /// Begins a span and returns its place. The thread's own.
    #[inline]
    pub fn begin(&self, operation: u32) -> u32 {
        let depth = self.depth.load(Ordering::Relaxed);
        let Some(open) = self.open.get(depth as usize) else {
            return self.begin_too_deep();
        };
        open.operation.store(operation, Ordering::Relaxed);
        open.start.store(ticks(), Ordering::Relaxed);
        self.depth.store(depth + 1, Ordering::Release);
        depth
    }

    #[cold]
    #[inline(never)]
    fn begin_too_deep(&self) -> u32 {
        self.too_deep.set(self.too_deep.get() + 1);
        count(&self.dropped);
        NOWHERE
    }

    /// Ends the span at a place, and those that began after it and were not ended. The thread's own.
    #[cfg(not(feature = "off"))]
    #[inline]
    pub fn end(&self, place: u32) {
        let now = ticks();
        let depth = self.depth.load(Ordering::Relaxed);
        if place.wrapping_add(1) == depth {
            self.close(place, now);
        } else {
            self.end_unbalanced(place, depth, now);
        }
    }

    #[cold]
    #[inline(never)]
    fn end_unbalanced(&self, place: u32, depth: u32, now: u64) {
        if place == NOWHERE {
            self.too_deep.set(self.too_deep.get().saturating_sub(1));
            return;
        }
        if place >= depth {
            // It was closed when one around it ended.
            return;
        }
        for inner in (place + 1..depth).rev() {
            count(&self.unbalanced);
            self.close(inner, now);
        }
        self.close(place, now);
    }

    /// Ends the innermost open span of an operation. The thread's own.
    pub fn end_operation(&self, operation: u32) {
        let now = ticks();
        if self.too_deep.get() > 0 {
            self.too_deep.set(self.too_deep.get() - 1);
            return;
        }
        let depth = self.depth.load(Ordering::Relaxed);
        let place = (0..depth).rev().find(|place| {
            self.open[*place as usize].operation.load(Ordering::Relaxed) == operation
        });
        match place {
            Some(place) if place + 1 == depth => self.close(place, now),
            Some(place) => self.end_unbalanced(place, depth, now),
            None => count(&self.unbalanced),
        }
    }

    #[inline]
    fn close(&self, place: u32, end: u64) {
        let open = &self.open[place as usize % DEPTH];
        let start = open.start.load(Ordering::Relaxed);
        self.write(encode(open.operation.load(Ordering::Relaxed), place, start, end));
        self.depth.store(place, Ordering::Relaxed);
    }

    /// Records a span that is over. The thread's own.
    #[inline]
    pub fn completed(&self, operation: u32, start: u64, end: u64) {
        self.write(encode(operation, self.depth.load(Ordering::Relaxed), start, end));
    }

    #[inline]
    fn write(&self, record: Record) {
        // SAFETY: methods that are the thread's own are called on it alone, so that it is the ring's only writer.
        if !unsafe { self.ring.push(record, &self.pool) } {
            count(&self.dropped);
        }
    }

    /// Leaves what was recorded so far out of the session. The thread's own.
    pub fn forget(&self) {
        self.dropped.store(0, Ordering::Relaxed);
        self.first.store(self.ring.written(), Ordering::Release);
    }

    /// How many spans are open. The thread's own.
    pub fn depth(&self) -> u32 {
        self.depth.load(Ordering::Relaxed)
    }

    /// Hands over what the thread recorded in a session, if it has joined it; and blocks that it is done with.
    ///
    /// # Safety
    /// No two threads collect at the same time.
    pub unsafe fn collect(
        &self,
        session: u32,
        mut each: impl FnMut(Record),
        empty: impl FnMut(Box<Block>),
    ) -> Option<Remainder> {
        if self.session.load(Ordering::Acquire) != session {
            return None;
        }
        let first = self.first.load(Ordering::Acquire);
        // What is open is read before the records, as a span is written first and taken off afterwards: one that ends
        // right now is seen twice and not missed. It may be the last record that there is already, or a later one.
        let doubtful = self.ring.written().wrapping_sub(1);
        let depth = (self.depth.load(Ordering::Acquire) as usize).min(DEPTH);
        let mut open: Vec<Option<(u32, u64)>> = self.open[..depth]
            .iter()
            .map(|open| {
                Some((open.operation.load(Ordering::Relaxed), open.start.load(Ordering::Relaxed)))
            })
            .collect();
        // Numbers wrap around.
        let reached = |number: usize, from: usize| number.wrapping_sub(from) as isize >= 0;
        let record = |number, record| {
            if reached(number, first) {
                each(record);
                if reached(number, doubtful) {
                    let ended = decode(record);
                    let same = (ended.operation, ended.start);
                    if let Some(place) = open.get_mut(ended.depth as usize)
                        && *place == Some(same)
                    {
                        *place = None;
                    }
                }
            }
        };
        // SAFETY: the caller's promise.
        unsafe { self.ring.collect(record, empty) };
        Some(Remainder {
            open: open.into_iter().flatten().collect(),
            dropped: self.dropped.load(Ordering::Relaxed),
            unbalanced: self.unbalanced.load(Ordering::Relaxed),
        })
    }
}

/// Adds one to a number that one thread writes, without the cost of an addition that several may make.
#[inline]
fn count(number: &AtomicU64) {
    number.store(number.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// The operation's number takes 20 bits, the depth 8, the duration 36.
pub(super) const OPERATION_BITS: u32 = 20;
const DEPTH_BITS: u32 = 8;
const DURATION_BITS: u32 = 36;
/// Set where the duration is in units of 2^16 ticks, since it would not fit otherwise: from 7 s at 5 GHz on.
const LONG: u64 = 1 << (DURATION_BITS - 1);
const LONG_SHIFT: u32 = 16;

#[inline]
fn encode(operation: u32, depth: u32, start: u64, end: u64) -> Record {
    let ticks = end.saturating_sub(start);
    let duration = if ticks < LONG {
        ticks
    } else {
        // Rounded up, so that it does not end before what lies in it.
        LONG | (ticks >> LONG_SHIFT).saturating_add(1).min(LONG - 1)
    };
    let depth = depth.min((1 << DEPTH_BITS) - 1);
    [
        start,
        u64::from(operation)
            | u64::from(depth) << OPERATION_BITS
            | duration << (OPERATION_BITS + DEPTH_BITS),
    ]
}

/// A record, as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub operation: u32,
    /// How many spans were open around it; less than it is if one around it was recorded only when it was over.
    pub depth: u32,
    /// In ticks.
    pub start: u64,
    /// In ticks.
    pub end: u64,
}

pub(super) fn decode([start, rest]: Record) -> Decoded {
    let duration = rest >> (OPERATION_BITS + DEPTH_BITS);
    let ticks = if duration & LONG == 0 { duration } else { (duration & (LONG - 1)) << LONG_SHIFT };
    Decoded {
        operation: (rest & ((1 << OPERATION_BITS) - 1)) as u32,
        depth: (rest >> OPERATION_BITS) as u32 & ((1 << DEPTH_BITS) - 1),
        start,
        end: start.saturating_add(ticks),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_keep_what_they_are_given(
            operation in 0u32..1 << OPERATION_BITS,
            depth in 0u32..256,
            start in 0u64..1 << 60,
            ticks in 0u64..1 << 50,
        ) {
            let decoded = decode(encode(operation, depth, start, start + ticks));
            prop_assert_eq!((decoded.operation, decoded.depth, decoded.start), (operation, depth, start));
            let kept = decoded.end - start;
            let rounding = if ticks < LONG { 0 } else { 1 << LONG_SHIFT };
            prop_assert!((ticks..=ticks + rounding).contains(&kept));
        }
    }

    #[test]
    fn a_span_that_ends_before_it_starts_takes_no_time() {
        assert_eq!(decode(encode(1, 0, 9, 4)).end, 9);
    }
}
