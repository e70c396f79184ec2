//! Four lanes in plain Rust, for processors without an implementation of their own.
// One comment at the implementation answers for all of its methods.
#![allow(clippy::undocumented_unsafe_blocks)]

use half::{bf16, f16};

use super::Lanes;

const LANES: usize = 4;

/// Four lanes.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Portable([f32; LANES]);

impl Portable {
    #[inline(always)]
    fn each(self, f: impl Fn(f32) -> f32) -> Self {
        Self(self.0.map(f))
    }

    #[inline(always)]
    fn pairs(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }
}

/// The number of a half, without a branch, and without a subnormal f32 on the way, which a run counts as zero.
#[inline(always)]
fn widen(half: f16) -> f32 {
    let bits = u32::from(half.to_bits());
    let sign = (bits & 0x8000) << 16;
    let magnitude = (bits & 0x7fff) << 13;
    // From an exponent's bias of 15 to one of 127.
    let normal = magnitude + (112 << 23);
    // Infinity and NaN have the largest exponent in both.
    let special = magnitude + (224 << 23);
    // m · 2⁻²⁴ is what 2⁻¹⁴ + m · 2⁻²⁴ lies above 2⁻¹⁴.
    let least = f32::from_bits(113 << 23);
    let subnormal = (f32::from_bits(magnitude + (113 << 23)) - least).to_bits();
    let chosen = if magnitude < 1 << 23 { subnormal } else { normal };
    let chosen = if magnitude >= 31 << 23 { special } else { chosen };
    f32::from_bits(chosen | sign)
}

// SAFETY: no instruction set is asked for; memory is used as the descriptions say.
unsafe impl Lanes for Portable {
    const LANES: usize = LANES;
    const TILE_ROWS: usize = 3;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; LANES])
    }
    #[inline(always)]
    unsafe fn load(pointer: *const f32) -> Self {
        // SAFETY: the caller promises as many elements.
        Self(unsafe { pointer.cast::<[f32; LANES]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn load_first(pointer: *const f32, count: usize) -> Self {
        let lane = |lane| if lane < count { unsafe { *pointer.add(lane) } } else { 0.0 };
        Self(std::array::from_fn(lane))
    }
    #[inline(always)]
    unsafe fn load_f16(pointer: *const f16) -> Self {
        Self(std::array::from_fn(|lane| widen(unsafe { *pointer.add(lane) })))
    }
    #[inline(always)]
    unsafe fn load_bf16(pointer: *const bf16) -> Self {
        let bits = |lane| u32::from(unsafe { *pointer.add(lane) }.to_bits());
        Self(std::array::from_fn(|lane| f32::from_bits(bits(lane) << 16)))
    }
    #[inline(always)]
    unsafe fn store(self, pointer: *mut f32) {
        // SAFETY: the caller promises as many elements.
        unsafe { pointer.cast::<[f32; LANES]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn store_first(self, pointer: *mut f32, count: usize) {
        for (lane, value) in self.0.into_iter().enumerate().take(count) {
            // SAFETY: the caller promises as many elements.
            unsafe { *pointer.add(lane) = value }
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.pairs(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.pairs(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.pairs(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        self.pairs(other, |a, b| a / b)
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // Without an instruction for it, one rounding costs a call of the C library; two are as good here.
        Self(std::array::from_fn(|lane| self.0[lane] * factor.0[lane] + term.0[lane]))
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.pairs(other, |a, b| if a.is_nan() || a < b { a } else { b })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.pairs(other, |a, b| if a.is_nan() || a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        self.each(f32::sqrt)
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        self.each(f32::round_ties_even)
    }
    #[inline(always)]
    unsafe fn floor(self) -> Self {
        self.each(f32::floor)
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        self.each(f32::abs)
    }
    #[inline(always)]
    unsafe fn copy_sign(self, sign: Self) -> Self {
        self.pairs(sign, f32::copysign)
    }
    #[inline(always)]
    unsafe fn scale_by_power_of_two(self, n: Self) -> Self {
        let power = |n: i32| f32::from_bits(((n + 127) as u32) << 23);
        self.pairs(n, |x, n| {
            let half = (n as i32) >> 1;
            x * power(half) * power(n as i32 - half)
        })
    }
    #[inline(always)]
    unsafe fn split_exponent(self) -> (Self, Self) {
        let exponent = self.each(|x| ((x.to_bits() >> 23) as i32 - 126) as f32);
        let mantissa = self.each(|x| f32::from_bits((x.to_bits() & 0x007f_ffff) | 0x3f00_0000));
        (exponent, mantissa)
    }
    #[inline(always)]
    unsafe fn select_less(self, other: Self, yes: Self, no: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            if self.0[lane] < other.0[lane] { yes.0[lane] } else { no.0[lane] }
        }))
    }
    #[inline(always)]
    unsafe fn select_nan(self, yes: Self, no: Self) -> Self {
        Self(std::array::from_fn(
            |lane| if self.0[lane].is_nan() { yes.0[lane] } else { no.0[lane] },
        ))
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        (self.0[0] + self.0[1]) + (self.0[2] + self.0[3])
    }
    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        self.0[0].max(self.0[1]).max(self.0[2].max(self.0[3]))
    }
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self]) {
        let before: [Self; LANES] = (&*rows).try_into().expect("a square");
        for (i, row) in rows.iter_mut().enumerate() {
            *row = Self(std::array::from_fn(|j| before[j].0[i]));
        }
    }
}
