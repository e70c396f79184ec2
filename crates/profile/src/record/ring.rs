//! The way of one thread's records to whoever collects them.

use std::ptr;

use super::pool::{BLOCK, Block, Pool};
use super::sync::{AtomicPtr, AtomicUsize, Ordering, UnsafeCell};

/// What is written of a span, in two words.
pub type Record = [u64; 2];

/// A queue of records in blocks of a [`Pool`]: one thread writes, one collects, and neither waits for the other.
///
/// The writer fills a block, then links another to it. The collector gives a block away as soon as it has read all of
/// it and there is another behind it; so the last one always stays the writer's.
pub struct Ring {
    /// How many records were written, ever.
    written: AtomicUsize,
    /// The first block that the collector has not given away; null until the first record.
    first: AtomicPtr<Block>,
    /// The block that is being written to. The writer's.
    last: UnsafeCell<*mut Block>,
    /// A block to go on with, or null. The writer's.
    spare: UnsafeCell<*mut Block>,
    /// How many records were collected, ever. The collector's.
    read: UnsafeCell<usize>,
    /// How many of them are in the first block. The collector's.
    place: UnsafeCell<usize>,
}

// SAFETY: the callers of the unsafe methods promise that one thread at a time is the writer, and one the collector; the
// atomics order what passes between the two.
unsafe impl Send for Ring {}
// SAFETY: as above.
unsafe impl Sync for Ring {}

impl Default for Ring {
    fn default() -> Self {
        Self::new()
    }
}

impl Ring {
    /// A ring without a block.
    pub fn new() -> Self {
        Self {
            written: AtomicUsize::new(0),
            first: AtomicPtr::new(ptr::null_mut()),
            last: UnsafeCell::new(ptr::null_mut()),
            spare: UnsafeCell::new(ptr::null_mut()),
            read: UnsafeCell::new(0),
            place: UnsafeCell::new(0),
        }
    }

    /// How many records were written, ever; the number wraps around.
    pub fn written(&self) -> usize {
        self.written.load(Ordering::Acquire)
    }

    /// Writes a record; false if there was no room.
    ///
    /// # Safety
    /// Only the ring's one writer calls this.
    #[inline]
    pub unsafe fn push(&self, record: Record, pool: &Pool) -> bool {
        let written = self.written.load(Ordering::Relaxed);
        let place = written % BLOCK;
        // SAFETY: the caller is the writer.
        if place == 0 && !unsafe { self.extend(pool) } {
            return false;
        }
        self.last.with(|last| {
            // SAFETY: `last` is the writer's; it points to a block, as the first record has place 0. The collector
            // reads this place only after the number below tells of it, and does not give the last block away.
            let place = unsafe { &(&(**last).records)[place] };
            // SAFETY: as above.
            place.with_mut(|place| unsafe { (*place).write(record) });
        });
        self.written.store(written.wrapping_add(1), Ordering::Release);
        true
    }

    /// Goes on to another block; false if there is none.
    ///
    /// # Safety
    /// Only the ring's one writer calls this.
    #[cold]
    #[inline(never)]
    unsafe fn extend(&self, pool: &Pool) -> bool {
        // SAFETY: the caller is the writer.
        let spare = self.spare.with_mut(|spare| unsafe { ptr::replace(spare, ptr::null_mut()) });
        let block = if spare.is_null() {
            let Some(block) = pool.take() else { return false };
            Box::into_raw(block)
        } else {
            spare
        };
        self.last.with_mut(|last| {
            // SAFETY: `last` is the writer's, and the block behind it lives until another is linked to it, here.
            unsafe {
                match (*last).as_ref() {
                    Some(full) => full.next.store(block, Ordering::Release),
                    None => self.first.store(block, Ordering::Release),
                }
                *last = block;
            }
        });
        true
    }

    /// Has a block ready for when the next one is needed.
    ///
    /// # Safety
    /// Only the ring's one writer calls this.
    pub unsafe fn reserve(&self, block: impl FnOnce() -> Option<Box<Block>>) {
        self.spare.with_mut(|spare| {
            // SAFETY: `spare` is the writer's.
            unsafe {
                if (*spare).is_null() {
                    *spare = block().map_or(ptr::null_mut(), Box::into_raw);
                }
            }
        });
    }

    /// Hands every record over that was written so far, with its number, and every block that is no longer needed.
    ///
    /// # Safety
    /// No two threads collect at the same time.
    pub unsafe fn collect(
        &self,
        mut record: impl FnMut(usize, Record),
        mut empty: impl FnMut(Box<Block>),
    ) {
        let written = self.written.load(Ordering::Acquire);
        let mut first = self.first.load(Ordering::Acquire);
        // SAFETY: these two are the collector's.
        let (mut read, mut place) =
            unsafe { (self.read.with(|it| *it), self.place.with(|it| *it)) };
        while read != written {
            if place == BLOCK {
                // SAFETY: as something was written behind this block, the writer has linked another to it and will not
                // come back: the block is the collector's alone.
                unsafe {
                    let next = (*first).next.load(Ordering::Acquire);
                    empty(Box::from_raw(first));
                    first = next;
                }
                self.first.store(first, Ordering::Relaxed);
                place = 0;
            }
            // SAFETY: the number of written records tells that the writer is done with this place.
            let words = unsafe { (&(*first).records)[place].with(|it| (*it).assume_init_read()) };
            record(read, words);
            read = read.wrapping_add(1);
            place += 1;
        }
        // SAFETY: these two are the collector's.
        unsafe {
            self.read.with_mut(|it| *it = read);
            self.place.with_mut(|it| *it = place);
        }
    }

    /// Takes all blocks out, with the records that nobody collected. Nothing more can be written then.
    pub fn take_blocks(&mut self) -> Vec<Box<Block>> {
        let mut blocks = Vec::new();
        let mut block = self.first.load(Ordering::Acquire);
        self.first.store(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: nobody else has the ring any more, and its blocks were made by `Box::into_raw`.
        unsafe {
            while !block.is_null() {
                let next = (*block).next.load(Ordering::Acquire);
                blocks.push(Box::from_raw(block));
                block = next;
            }
            self.last.with_mut(|last| *last = ptr::null_mut());
            let spare = self.spare.with_mut(|spare| ptr::replace(spare, ptr::null_mut()));
            if !spare.is_null() {
                blocks.push(Box::from_raw(spare));
            }
        }
        blocks
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        drop(self.take_blocks());
    }
}
