//! Empty blocks, for any thread to take.

use std::mem::MaybeUninit;
use std::ptr;

use super::ring::Record;
use super::sync::{AtomicPtr, AtomicUsize, Ordering, UnsafeCell};

/// Records in a block.
pub const BLOCK: usize = if cfg!(loom) { 2 } else { 1024 };

/// A piece of a ring.
pub struct Block {
    pub(super) records: [UnsafeCell<MaybeUninit<Record>>; BLOCK],
    pub(super) next: AtomicPtr<Block>,
}

impl Block {
    /// A block whose records hold nothing yet. Its memory is not touched, so that the system need not provide it.
    #[cfg(not(loom))]
    pub fn new() -> Box<Self> {
        let mut block = Box::<Self>::new_uninit();
        let place = block.as_mut_ptr();
        // SAFETY: `next` lies inside the allocation; records are `MaybeUninit` in cells, for which any bytes will do,
        // so that all of the block is initialised once `next` is.
        unsafe {
            ptr::addr_of_mut!((*place).next).write(AtomicPtr::new(ptr::null_mut()));
            block.assume_init()
        }
    }

    /// A block whose records hold nothing yet.
    #[cfg(loom)]
    pub fn new() -> Box<Self> {
        Box::new(Self {
            records: std::array::from_fn(|_| UnsafeCell::new(MaybeUninit::uninit())),
            next: AtomicPtr::new(ptr::null_mut()),
        })
    }

    /// Writes to every page of the block, so that the system provides it now and not in the middle of a span.
    pub fn touch(&mut self) {
        for record in &mut self.records {
            record.with_mut(|place| {
                // SAFETY: the block is borrowed for writing, so that nobody else uses it.
                unsafe { (*place).write([0; 2]) };
            });
        }
    }
}

/// A queue of blocks. Any thread takes from it at any time, without waiting; one at a time gives to it.
///
/// Blocks are numbered as they are given. A taker reads the place of the first number not yet taken, then claims the
/// number. The place is used again only for the number that is a whole round later, which nobody gives before this one
/// was taken: a claim that succeeds has read the right block.
pub struct Pool {
    places: Box<[AtomicPtr<Block>]>,
    given: AtomicUsize,
    taken: AtomicUsize,
}

impl Pool {
    /// A pool that holds so many blocks at most.
    pub fn new(places: usize) -> Self {
        assert!(places.is_power_of_two(), "numbers of blocks may wrap around");
        Self {
            places: (0..places).map(|_| AtomicPtr::new(ptr::null_mut())).collect(),
            given: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
        }
    }

    /// Takes a block out.
    pub fn take(&self) -> Option<Box<Block>> {
        let mut taken = self.taken.load(Ordering::Acquire);
        loop {
            if taken == self.given.load(Ordering::Acquire) {
                return None;
            }
            let block = self.places[taken % self.places.len()].load(Ordering::Relaxed);
            let claim = self.taken.compare_exchange_weak(
                taken,
                taken.wrapping_add(1),
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            match claim {
                // SAFETY: `give` made the pointer from a box; whoever claims its number is the only one to have it.
                Ok(_) => return Some(unsafe { Box::from_raw(block) }),
                Err(now) => taken = now,
            }
        }
    }

    /// Puts a block in; frees it if the pool is full.
    ///
    /// # Safety
    /// No two threads give at the same time.
    pub unsafe fn give(&self, mut block: Box<Block>) {
        let given = self.given.load(Ordering::Relaxed);
        if given.wrapping_sub(self.taken.load(Ordering::Acquire)) >= self.places.len() {
            return;
        }
        block.next = AtomicPtr::new(ptr::null_mut());
        self.places[given % self.places.len()].store(Box::into_raw(block), Ordering::Relaxed);
        self.given.store(given.wrapping_add(1), Ordering::Release);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        while self.take().is_some() {}
    }
}
