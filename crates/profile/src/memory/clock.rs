//! Time as the tracker needs it: what happened because of something else has a later time, on whatever thread.

use crate::clock::ticks;

/// Now, in ticks; no earlier than anything that this thread has seen of others.
#[inline]
pub(super) fn now() -> u64 {
    wait_for_loads();
    ticks()
}

/// Now, in ticks, give or take what a processor does out of its order: where no other thread has a part.
#[inline]
pub(super) fn about_now() -> u64 {
    ticks()
}

/// What comes after sees what others had done when the clock was last read.
#[inline]
pub(super) fn hold_loads() {
    wait_for_loads();
}

/// The counter alone could be read before a load that stands before it in the program.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline]
fn wait_for_loads() {
    // SAFETY: the instruction belongs to SSE2, which every x86-64 processor has; it touches no memory.
    unsafe { core::arch::x86_64::_mm_lfence() }
}

#[cfg(all(target_arch = "aarch64", not(miri)))]
#[inline]
fn wait_for_loads() {
    // SAFETY: the barriers touch neither memory nor registers.
    unsafe { core::arch::asm!("dmb ishld", "isb", options(nostack, preserves_flags)) }
}

/// Elsewhere the system reads the clock and sees to the order.
#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn wait_for_loads() {}
