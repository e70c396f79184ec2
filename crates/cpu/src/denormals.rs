//! Numbers close to zero: dozens of times slower than others on many processors, and worth nothing to a model.
#![allow(unsafe_code)]

/// Takes numbers below the normal range for zero, on this thread, until it is dropped; the mode that was there before
/// then comes back.
pub(crate) struct FlushDenormals {
    before: Mode,
}

#[cfg(target_arch = "x86_64")]
type Mode = u32;
#[cfg(target_arch = "aarch64")]
type Mode = u64;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Mode = ();

impl FlushDenormals {
    pub(crate) fn new() -> Self {
        let before = mode();
        #[cfg(target_arch = "x86_64")]
        // Results (bit 15) and operands (bit 6).
        set_mode(before | 1 << 15 | 1 << 6);
        #[cfg(target_arch = "aarch64")]
        set_mode(before | 1 << 24);
        Self { before }
    }
}

impl Drop for FlushDenormals {
    fn drop(&mut self) {
        set_mode(self.before);
    }
}

#[cfg(target_arch = "x86_64")]
fn mode() -> Mode {
    let mut mode = 0u32;
    // SAFETY: the instruction writes four bytes to where it is told.
    unsafe {
        std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut mode, options(nostack, preserves_flags))
    };
    mode
}

#[cfg(target_arch = "x86_64")]
fn set_mode(mode: Mode) {
    // SAFETY: only the bits for denormals differ from a mode that was there before.
    unsafe {
        std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const mode, options(nostack, preserves_flags))
    };
}

#[cfg(target_arch = "aarch64")]
fn mode() -> Mode {
    let mode: u64;
    // SAFETY: the register may be read by anyone.
    unsafe { std::arch::asm!("mrs {}, fpcr", out(reg) mode, options(nomem, nostack)) };
    mode
}

#[cfg(target_arch = "aarch64")]
fn set_mode(mode: Mode) {
    // SAFETY: only the bit for denormals differs from a mode that was there before.
    unsafe { std::arch::asm!("msr fpcr, {}", in(reg) mode, options(nostack)) };
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn mode() -> Mode {}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn set_mode((): Mode) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denormals_are_zero_for_as_long_as_it_lives() {
        let tiny = std::hint::black_box(f32::MIN_POSITIVE);
        let halve = || std::hint::black_box(tiny) * std::hint::black_box(0.5);
        assert!(halve() > 0.0);
        let flush = FlushDenormals::new();
        if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            assert_eq!(halve(), 0.0);
        }
        drop(flush);
        assert!(halve() > 0.0);
    }
}
