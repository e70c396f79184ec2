//! Sixteen lanes: AVX-512 with F, VL, DQ and BW.
// One comment at the implementation answers for all of its methods.
#![allow(clippy::undocumented_unsafe_blocks)]

use std::arch::x86_64::*;

use half::{bf16, f16};

use super::Lanes;

/// Sixteen lanes.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Avx512(__m512);

#[inline(always)]
fn mask(count: usize) -> __mmask16 {
    debug_assert!(count <= 16);
    ((1u32 << count) - 1) as __mmask16
}

// SAFETY: every method uses this instruction set alone, and memory as its description says.
unsafe impl Lanes for Avx512 {
    const LANES: usize = 16;
    const TILE_ROWS: usize = 9;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        unsafe { Self(_mm512_set1_ps(value)) }
    }
    #[inline(always)]
    unsafe fn load(pointer: *const f32) -> Self {
        unsafe { Self(_mm512_loadu_ps(pointer)) }
    }
    #[inline(always)]
    unsafe fn load_first(pointer: *const f32, count: usize) -> Self {
        unsafe { Self(_mm512_maskz_loadu_ps(mask(count), pointer)) }
    }
    #[inline(always)]
    unsafe fn load_f16(pointer: *const f16) -> Self {
        unsafe { Self(_mm512_cvtph_ps(_mm256_loadu_si256(pointer.cast()))) }
    }
    #[inline(always)]
    unsafe fn load_bf16(pointer: *const bf16) -> Self {
        unsafe {
            let wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(pointer.cast()));
            Self(_mm512_castsi512_ps(_mm512_slli_epi32::<16>(wide)))
        }
    }
    #[inline(always)]
    unsafe fn store(self, pointer: *mut f32) {
        unsafe { _mm512_storeu_ps(pointer, self.0) }
    }
    #[inline(always)]
    unsafe fn store_past_caches(self, pointer: *mut f32) {
        unsafe { _mm512_stream_ps(pointer, self.0) }
    }
    #[inline(always)]
    unsafe fn store_first(self, pointer: *mut f32, count: usize) {
        unsafe { _mm512_mask_storeu_ps(pointer, mask(count), self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Self(_mm512_add_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Self(_mm512_sub_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { Self(_mm512_mul_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { Self(_mm512_div_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Self(_mm512_fmadd_ps(self.0, factor.0, term.0)) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe {
            // The instruction gives its second operand if either is NaN.
            let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0);
            Self(_mm512_mask_mov_ps(_mm512_min_ps(self.0, other.0), nan, self.0))
        }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe {
            let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0);
            Self(_mm512_mask_mov_ps(_mm512_max_ps(self.0, other.0), nan, self.0))
        }
    }
    #[inline(always)]
    unsafe fn clamp(self, low: Self, high: Self) -> Self {
        // The instructions give their second operand if it is NaN.
        unsafe { Self(_mm512_min_ps(high.0, _mm512_max_ps(low.0, self.0))) }
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        unsafe { Self(_mm512_sqrt_ps(self.0)) }
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        unsafe {
            Self(_mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0))
        }
    }
    #[inline(always)]
    unsafe fn floor(self) -> Self {
        unsafe {
            Self(_mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(self.0))
        }
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        unsafe { Self(_mm512_abs_ps(self.0)) }
    }
    #[inline(always)]
    unsafe fn copy_sign(self, sign: Self) -> Self {
        unsafe {
            let bit = _mm512_set1_ps(-0.0);
            Self(_mm512_or_ps(_mm512_andnot_ps(bit, self.0), _mm512_and_ps(bit, sign.0)))
        }
    }
    #[inline(always)]
    unsafe fn scale_by_power_of_two(self, n: Self) -> Self {
        unsafe { Self(_mm512_scalef_ps(self.0, n.0)) }
    }
    #[inline(always)]
    unsafe fn split_exponent(self) -> (Self, Self) {
        unsafe {
            let exponent = _mm512_add_ps(_mm512_getexp_ps(self.0), _mm512_set1_ps(1.0));
            let mantissa = _mm512_getmant_ps::<_MM_MANT_NORM_P5_1, _MM_MANT_SIGN_SRC>(self.0);
            (Self(exponent), Self(mantissa))
        }
    }
    #[inline(always)]
    unsafe fn select_less(self, other: Self, yes: Self, no: Self) -> Self {
        unsafe {
            let less = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0);
            Self(_mm512_mask_mov_ps(no.0, less, yes.0))
        }
    }
    #[inline(always)]
    unsafe fn select_nan(self, yes: Self, no: Self) -> Self {
        unsafe {
            let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0);
            Self(_mm512_mask_mov_ps(no.0, nan, yes.0))
        }
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        unsafe { _mm512_reduce_add_ps(self.0) }
    }
    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        unsafe { _mm512_reduce_max_ps(self.0) }
    }
    #[inline(always)]
    fn prefetch(pointer: *const f32) {
        // An address that leads nowhere does no harm.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(pointer.cast()) }
    }
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self]) {
        unsafe {
            let rows: &mut [Self; 16] = rows.try_into().expect("a square");
            // Blocks of 1, 2, 4, then 8 lanes are exchanged with the row as far away.
            let mut a = [_mm512_setzero_ps(); 16];
            for i in 0..8 {
                a[2 * i] = _mm512_unpacklo_ps(rows[2 * i].0, rows[2 * i + 1].0);
                a[2 * i + 1] = _mm512_unpackhi_ps(rows[2 * i].0, rows[2 * i + 1].0);
            }
            let mut b = [_mm512_setzero_ps(); 16];
            for i in 0..4 {
                for h in 0..2 {
                    let low = _mm512_castps_pd(a[4 * i + h]);
                    let high = _mm512_castps_pd(a[4 * i + 2 + h]);
                    b[4 * i + 2 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
                    b[4 * i + 2 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
                }
            }
            // b[4i + c] holds, in its four quarters q, elements 4q + c of rows 4i … 4i + 3.
            for c in 0..4 {
                let (r0, r1, r2, r3) = (b[c], b[4 + c], b[8 + c], b[12 + c]);
                let low01 = _mm512_shuffle_f32x4::<0x88>(r0, r1);
                let high01 = _mm512_shuffle_f32x4::<0xdd>(r0, r1);
                let low23 = _mm512_shuffle_f32x4::<0x88>(r2, r3);
                let high23 = _mm512_shuffle_f32x4::<0xdd>(r2, r3);
                rows[c] = Self(_mm512_shuffle_f32x4::<0x88>(low01, low23));
                rows[8 + c] = Self(_mm512_shuffle_f32x4::<0xdd>(low01, low23));
                rows[4 + c] = Self(_mm512_shuffle_f32x4::<0x88>(high01, high23));
                rows[12 + c] = Self(_mm512_shuffle_f32x4::<0xdd>(high01, high23));
            }
        }
    }
}
