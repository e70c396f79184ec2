//! Four lanes: NEON, which every 64-bit ARM processor has.
// One comment at the implementation answers for all of its methods.
#![allow(clippy::undocumented_unsafe_blocks)]

use std::arch::aarch64::*;

use half::{bf16, f16};

use super::Lanes;

/// Four lanes.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Neon(float32x4_t);

// SAFETY: every method uses this instruction set alone, and memory as its description says.
unsafe impl Lanes for Neon {
    const LANES: usize = 4;
    const TILE_ROWS: usize = 8;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        unsafe { Self(vdupq_n_f32(value)) }
    }
    #[inline(always)]
    unsafe fn load(pointer: *const f32) -> Self {
        unsafe { Self(vld1q_f32(pointer)) }
    }
    #[inline(always)]
    unsafe fn load_first(pointer: *const f32, count: usize) -> Self {
        unsafe {
            let mut lanes = [0.0; 4];
            std::ptr::copy_nonoverlapping(pointer, lanes.as_mut_ptr(), count);
            Self::load(lanes.as_ptr())
        }
    }
    #[inline(always)]
    unsafe fn load_f16(pointer: *const f16) -> Self {
        unsafe {
            // In integers and with normal numbers alone: what a run does to subnormal ones does not matter.
            let bits = vmovl_u16(vld1_u16(pointer.cast()));
            let sign = vshlq_n_u32::<16>(vandq_u32(bits, vdupq_n_u32(0x8000)));
            let magnitude = vshlq_n_u32::<13>(vandq_u32(bits, vdupq_n_u32(0x7fff)));
            // From an exponent's bias of 15 to one of 127.
            let normal = vaddq_u32(magnitude, vdupq_n_u32(112 << 23));
            // Infinity and NaN have the largest exponent in both.
            let special = vaddq_u32(magnitude, vdupq_n_u32(224 << 23));
            // m · 2⁻²⁴ is what 2⁻¹⁴ + m · 2⁻²⁴ lies above 2⁻¹⁴.
            let least = vdupq_n_u32(113 << 23);
            let above = vreinterpretq_f32_u32(vaddq_u32(magnitude, least));
            let subnormal = vreinterpretq_u32_f32(vsubq_f32(above, vreinterpretq_f32_u32(least)));
            let small = vcltq_u32(magnitude, vdupq_n_u32(1 << 23));
            let large = vcgeq_u32(magnitude, vdupq_n_u32(31 << 23));
            let chosen = vbslq_u32(large, special, vbslq_u32(small, subnormal, normal));
            Self(vreinterpretq_f32_u32(vorrq_u32(chosen, sign)))
        }
    }
    #[inline(always)]
    unsafe fn load_bf16(pointer: *const bf16) -> Self {
        unsafe { Self(vreinterpretq_f32_u32(vshll_n_u16::<16>(vld1_u16(pointer.cast())))) }
    }
    #[inline(always)]
    unsafe fn store(self, pointer: *mut f32) {
        unsafe { vst1q_f32(pointer, self.0) }
    }
    #[inline(always)]
    unsafe fn store_first(self, pointer: *mut f32, count: usize) {
        unsafe {
            let mut lanes = [0.0; 4];
            self.store(lanes.as_mut_ptr());
            std::ptr::copy_nonoverlapping(lanes.as_ptr(), pointer, count);
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Self(vaddq_f32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Self(vsubq_f32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { Self(vmulq_f32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { Self(vdivq_f32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Self(vfmaq_f32(term.0, self.0, factor.0)) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe { Self(vminq_f32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Self(vmaxq_f32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        unsafe { Self(vsqrtq_f32(self.0)) }
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        unsafe { Self(vrndnq_f32(self.0)) }
    }
    #[inline(always)]
    unsafe fn floor(self) -> Self {
        unsafe { Self(vrndmq_f32(self.0)) }
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        unsafe { Self(vabsq_f32(self.0)) }
    }
    #[inline(always)]
    unsafe fn copy_sign(self, sign: Self) -> Self {
        unsafe { Self(vbslq_f32(vdupq_n_u32(0x8000_0000), sign.0, self.0)) }
    }
    #[inline(always)]
    unsafe fn scale_by_power_of_two(self, n: Self) -> Self {
        unsafe {
            // In two halves, so that results beyond the normal numbers are reached without a detour over infinity.
            let n = vcvtq_s32_f32(n.0);
            let half = vshrq_n_s32::<1>(n);
            let rest = vsubq_s32(n, half);
            let bias = vdupq_n_s32(127);
            let power = |n| vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(n, bias)));
            Self(vmulq_f32(vmulq_f32(self.0, power(half)), power(rest)))
        }
    }
    #[inline(always)]
    unsafe fn split_exponent(self) -> (Self, Self) {
        unsafe {
            let bits = vreinterpretq_u32_f32(self.0);
            let exponent =
                vsubq_s32(vreinterpretq_s32_u32(vshrq_n_u32::<23>(bits)), vdupq_n_s32(126));
            let mantissa =
                vorrq_u32(vandq_u32(bits, vdupq_n_u32(0x007f_ffff)), vdupq_n_u32(0x3f00_0000));
            (Self(vcvtq_f32_s32(exponent)), Self(vreinterpretq_f32_u32(mantissa)))
        }
    }
    #[inline(always)]
    unsafe fn select_less(self, other: Self, yes: Self, no: Self) -> Self {
        unsafe { Self(vbslq_f32(vcltq_f32(self.0, other.0), yes.0, no.0)) }
    }
    #[inline(always)]
    unsafe fn select_nan(self, yes: Self, no: Self) -> Self {
        unsafe { Self(vbslq_f32(vceqq_f32(self.0, self.0), no.0, yes.0)) }
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        unsafe { vaddvq_f32(self.0) }
    }
    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        unsafe { vmaxvq_f32(self.0) }
    }
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self]) {
        unsafe {
            let rows: &mut [Self; 4] = rows.try_into().expect("a square");
            let low = vtrnq_f32(rows[0].0, rows[1].0);
            let high = vtrnq_f32(rows[2].0, rows[3].0);
            rows[0] = Self(vcombine_f32(vget_low_f32(low.0), vget_low_f32(high.0)));
            rows[1] = Self(vcombine_f32(vget_low_f32(low.1), vget_low_f32(high.1)));
            rows[2] = Self(vcombine_f32(vget_high_f32(low.0), vget_high_f32(high.0)));
            rows[3] = Self(vcombine_f32(vget_high_f32(low.1), vget_high_f32(high.1)));
        }
    }
}
