//! The cheapest clock that the machine has.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

/// Where [`ticks`] come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A counter of the processor that runs at one rate, never stops, and is the same on all its cores.
    Counter,
    /// The system's monotonic clock, in nanoseconds.
    System,
}

const UNKNOWN: u8 = 0;
const COUNTER: u8 = 1;
const SYSTEM: u8 = 2;

static SOURCE: AtomicU8 = AtomicU8::new(UNKNOWN);

/// The current time in raw ticks, which only [`Calibration`](super::Calibration) makes nanoseconds of.
///
/// On x86-64 the time-stamp counter, on aarch64 the virtual counter; neither waits for the instructions before it.
#[inline]
pub fn ticks() -> u64 {
    if SOURCE.load(Ordering::Relaxed) == COUNTER { counter() } else { other_ticks() }
}

/// Not inlined, so that the usual way needs no registers saved.
#[cold]
#[inline(never)]
fn other_ticks() -> u64 {
    prepare();
    match SOURCE.load(Ordering::Relaxed) {
        COUNTER => counter(),
        _ => nanoseconds(Instant::now()),
    }
}

/// Where [`ticks`] come from on this machine.
pub fn source() -> Source {
    prepare();
    match SOURCE.load(Ordering::Relaxed) {
        COUNTER => Source::Counter,
        _ => Source::System,
    }
}

/// Finds out about the clock, so that [`ticks`] need not.
#[cold]
pub(crate) fn prepare() {
    anchor();
    if SOURCE.load(Ordering::Relaxed) == UNKNOWN {
        let source = if counter_is_sound() { COUNTER } else { SYSTEM };
        SOURCE.store(source, Ordering::Relaxed);
    }
}

/// Nanoseconds of the system's monotonic clock since the process first asked for the time.
pub(super) fn nanoseconds(time: Instant) -> u64 {
    time.saturating_duration_since(anchor()).as_nanos() as u64
}

fn anchor() -> Instant {
    static ANCHOR: OnceLock<Instant> = OnceLock::new();
    *ANCHOR.get_or_init(Instant::now)
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline]
fn counter() -> u64 {
    // SAFETY: every x86-64 processor has the instruction; it only reads.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Whether the counter runs at one rate whatever the processor's frequency and sleep (Intel's manual, volume 3,
/// 18.17.1, "invariant TSC"), and the system has not found it wanting.
#[cfg(all(target_arch = "x86_64", not(miri)))]
fn counter_is_sound() -> bool {
    use core::arch::x86_64::__cpuid;
    let invariant =
        __cpuid(0x8000_0000).eax >= 0x8000_0007 && __cpuid(0x8000_0007).edx & 1 << 8 != 0;
    let trusted = !cfg!(target_os = "linux")
        || std::fs::read_to_string(
            "/sys/devices/system/clocksource/clocksource0/available_clocksource",
        )
        .map_or(true, |sources| sources.split_whitespace().any(|source| source == "tsc"));
    invariant && trusted
}

#[cfg(all(target_arch = "aarch64", not(miri)))]
#[inline]
fn counter() -> u64 {
    let ticks: u64;
    // SAFETY: the counter can be read in user mode on every system that Rust's standard library runs on; it only reads.
    unsafe {
        core::arch::asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack, preserves_flags));
    }
    ticks
}

/// The architecture guarantees the rate and that it never stops (Arm ARM, D12.1).
#[cfg(all(target_arch = "aarch64", not(miri)))]
fn counter_is_sound() -> bool {
    true
}

#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn counter() -> u64 {
    nanoseconds(Instant::now())
}

#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn counter_is_sound() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_never_run_backwards() {
        let readings: Vec<u64> = (0..10_000).map(|_| ticks()).collect();
        assert!(readings.is_sorted());
        assert!(readings.last() > readings.first());
    }
}
