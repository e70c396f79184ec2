//! Vectors of f32, one implementation for each instruction set.
//!
//! A kernel is written once, generic over [`Lanes`], as a [`Work`]; [`Isa::run`] compiles it for every instruction set
//! and takes the one that the processor has.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

mod isa;

use half::{bf16, f16};

pub use isa::{Isa, Work};

/// Waits until what was stored past the caches is in its place for everybody.
#[inline(always)]
pub(crate) fn settle() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every processor of this architecture has the instruction, which orders stores and does nothing else.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}

/// A vector of f32.
///
/// # Safety
/// The methods may be called only where the instruction set that they stand for is enabled: within [`Work::run`].
/// Those that take a pointer read or write [`LANES`](Self::LANES) elements there, or as many as `count` says; no
/// alignment is needed.
#[allow(clippy::missing_safety_doc)]
pub unsafe trait Lanes: Copy + 'static {
    /// Elements in a vector.
    const LANES: usize;
    /// Rows of the tile of a matrix product that, with three vectors a row, leaves just enough registers.
    const TILE_ROWS: usize;

    /// The same number in every lane.
    unsafe fn splat(value: f32) -> Self;
    /// All lanes from memory.
    unsafe fn load(pointer: *const f32) -> Self;
    /// The first `count` lanes from memory, zero in the others.
    unsafe fn load_first(pointer: *const f32, count: usize) -> Self;
    /// All lanes from memory that holds them as IEEE 754 halves. Halves too small to be normal keep their value.
    unsafe fn load_f16(pointer: *const f16) -> Self;
    /// All lanes from memory that holds the upper 16 bits of each.
    unsafe fn load_bf16(pointer: *const bf16) -> Self;
    /// All lanes to memory.
    unsafe fn store(self, pointer: *mut f32);
    /// All lanes to memory, without a place in the caches where the processor can do so. The pointer must be aligned to
    /// the vector, and a fence for stores must follow before anything else is done with the memory.
    #[inline(always)]
    unsafe fn store_past_caches(self, pointer: *mut f32) {
        // SAFETY: as for this function.
        unsafe { self.store(pointer) }
    }
    /// The first `count` lanes to memory.
    unsafe fn store_first(self, pointer: *mut f32, count: usize);
    /// self + other.
    unsafe fn add(self, other: Self) -> Self;
    /// self − other.
    unsafe fn sub(self, other: Self) -> Self;
    /// self · other.
    unsafe fn mul(self, other: Self) -> Self;
    /// self / other.
    unsafe fn div(self, other: Self) -> Self;
    /// self · factor + term, rounded once.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The smaller; NaN if either is.
    unsafe fn min(self, other: Self) -> Self;
    /// The larger; NaN if either is.
    unsafe fn max(self, other: Self) -> Self;
    /// The nearest number between `low` and `high`, which are not NaN; NaN stays.
    #[inline(always)]
    unsafe fn clamp(self, low: Self, high: Self) -> Self {
        // SAFETY: the caller has made sure of the instruction set.
        unsafe { high.min(low.max(self)) }
    }
    /// Square root.
    unsafe fn sqrt(self) -> Self;
    /// The nearest integer, halves to even.
    unsafe fn round(self) -> Self;
    /// The largest integer not above.
    unsafe fn floor(self) -> Self;
    /// Absolute value.
    unsafe fn abs(self) -> Self;
    /// The magnitude of `self` with the sign of `sign`.
    unsafe fn copy_sign(self, sign: Self) -> Self;
    /// self · 2ⁿ for integers `n` between −127 and 128, given as floats.
    unsafe fn scale_by_power_of_two(self, n: Self) -> Self;
    /// The exponent (as a float) and the mantissa in [0.5, 1) of a positive normal number: `frexp`.
    unsafe fn split_exponent(self) -> (Self, Self);
    /// Lane by lane: `yes` where self < other, `no` elsewhere (also where one is NaN).
    unsafe fn select_less(self, other: Self, yes: Self, no: Self) -> Self;
    /// Lane by lane: `yes` where self is NaN, `no` elsewhere.
    unsafe fn select_nan(self, yes: Self, no: Self) -> Self;
    /// The sum of all lanes.
    unsafe fn sum(self) -> f32;
    /// The largest of all lanes; which of them if one is NaN is not said.
    unsafe fn largest(self) -> f32;
    /// Asks for the line of the cache that the address lies in, which may be anywhere.
    #[inline(always)]
    fn prefetch(_pointer: *const f32) {}
    /// Transposes a square of as many rows as lanes: `rows[i]` becomes column i.
    unsafe fn transpose(rows: &mut [Self]);
}
