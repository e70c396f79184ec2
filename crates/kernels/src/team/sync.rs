//! What the hand-over among threads is made of: the standard library, or the model of it that tries every order of
//! events.

#[cfg(loom)]
pub(super) use loom::cell::UnsafeCell;
#[cfg(loom)]
pub(super) use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, fence};
#[cfg(loom)]
pub(super) use loom::thread;

#[cfg(not(loom))]
pub(super) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, fence};
#[cfg(not(loom))]
pub(super) use std::thread;

/// A cell with the model's manner of access.
#[cfg(not(loom))]
pub(super) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}

/// Something in a cache line of its own (two, since processors fetch them in pairs).
#[repr(align(128))]
pub(super) struct Padded<T>(pub T);

/// Waiting in a loop: at first without giving the processor away.
pub(super) struct Patience {
    spins: u32,
}

impl Patience {
    /// Turns of a loop. One takes between a few nanoseconds and sixty, depending on the processor.
    pub const fn of(spins: u32) -> Self {
        Self { spins: if cfg!(loom) { 1 } else { spins } }
    }

    /// Spins once more; false if that has been done long enough.
    pub fn spin(&mut self) -> bool {
        let patient = self.spins > 0;
        if patient {
            self.spins -= 1;
            #[cfg(not(loom))]
            std::hint::spin_loop();
            // The model has to be told that the others must go on before anything changes.
            #[cfg(loom)]
            thread::yield_now();
        }
        patient
    }

    /// Spins once more, or lets another thread have the processor: there may be more threads than processors.
    pub fn pause(&mut self) {
        if !self.spin() {
            thread::yield_now();
        }
    }
}
