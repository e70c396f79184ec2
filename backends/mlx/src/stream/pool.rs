//! The streams that the process has.
//!
//! MLX never gives a stream back, so they are made once and handed out again. Each may be used on any thread, but by
//! one at a time: a lock sees to that where streams are shared. They are made all at once, since MLX's list of them
//! must not change while another thread reads it.

use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

use tachy_runtime::{Error, Result};

use super::Unit;
use crate::backend::NAME;
use crate::failure::check;
use crate::library::table;
use crate::table::RawStream;

/// As many streams of the processor can compute at once; each has a thread as soon as it is used.
const PROCESSOR_STREAMS: usize = 16;
const GPU_STREAMS: usize = 4;

/// One stream.
pub(super) struct Slot {
    raw: *mut RawStream,
    users: AtomicUsize,
    lock: Mutex<()>,
}

// SAFETY: MLX made the stream for use on any thread, by one at a time; whoever evaluates holds the lock.
unsafe impl Send for Slot {}
// SAFETY: as above.
unsafe impl Sync for Slot {}

impl Slot {
    pub(super) fn raw(&self) -> *const RawStream {
        self.raw
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn leave(&self) {
        self.users.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The stream with the fewest users.
pub(super) fn take(unit: Unit) -> Result<&'static Slot> {
    static PROCESSOR: OnceLock<Result<Vec<Slot>, String>> = OnceLock::new();
    static GPU: OnceLock<Result<Vec<Slot>, String>> = OnceLock::new();
    let (pool, count) = match unit {
        Unit::Cpu => (&PROCESSOR, PROCESSOR_STREAMS),
        Unit::Gpu => (&GPU, GPU_STREAMS),
    };
    let slots = pool.get_or_init(|| make(unit, count).map_err(|error| error.to_string()));
    let failed =
        |message: String| Error::Engine { backend: NAME, action: "make a stream", message };
    let slots = slots.as_ref().map_err(|message| failed(message.clone()))?;
    let slot = slots.iter().min_by_key(|slot| slot.users.load(Ordering::Relaxed));
    let slot = slot.ok_or_else(|| failed("it made none".to_owned()))?;
    slot.users.fetch_add(1, Ordering::Relaxed);
    Ok(slot)
}

fn make(unit: Unit, count: usize) -> Result<Vec<Slot>> {
    let table = table()?;
    let slot = |_| {
        let mut raw = ptr::null_mut();
        // SAFETY: the pointer is to a local.
        check(unsafe { (table.new_stream)(unit.code(), &mut raw) }, "make a stream")?;
        Ok(Slot { raw, users: AtomicUsize::new(0), lock: Mutex::new(()) })
    };
    (0..count).map(slot).collect()
}
