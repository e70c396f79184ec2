//! Eight lanes: AVX2 with FMA and F16C.
// One comment at the implementation answers for all of its methods.
#![allow(clippy::undocumented_unsafe_blocks)]

use std::arch::x86_64::*;

use half::{bf16, f16};

use super::Lanes;

/// Eight lanes.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Avx2(__m256);

#[inline(always)]
unsafe fn mask(count: usize) -> __m256i {
    debug_assert!(count <= 8);
    const WINDOW: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    // SAFETY: the window from 8 − count on holds eight numbers.
    unsafe { _mm256_loadu_si256(WINDOW.as_ptr().add(8 - count).cast()) }
}

// SAFETY: every method uses this instruction set alone, and memory as its description says.
unsafe impl Lanes for Avx2 {
    const LANES: usize = 8;
    const TILE_ROWS: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        unsafe { Self(_mm256_set1_ps(value)) }
    }
    #[inline(always)]
    unsafe fn load(pointer: *const f32) -> Self {
        unsafe { Self(_mm256_loadu_ps(pointer)) }
    }
    #[inline(always)]
    unsafe fn load_first(pointer: *const f32, count: usize) -> Self {
        unsafe { Self(_mm256_maskload_ps(pointer, mask(count))) }
    }
    #[inline(always)]
    unsafe fn load_f16(pointer: *const f16) -> Self {
        unsafe { Self(_mm256_cvtph_ps(_mm_loadu_si128(pointer.cast()))) }
    }
    #[inline(always)]
    unsafe fn load_bf16(pointer: *const bf16) -> Self {
        unsafe {
            let wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(pointer.cast()));
            Self(_mm256_castsi256_ps(_mm256_slli_epi32::<16>(wide)))
        }
    }
    #[inline(always)]
    unsafe fn store(self, pointer: *mut f32) {
        unsafe { _mm256_storeu_ps(pointer, self.0) }
    }
    #[inline(always)]
    unsafe fn store_past_caches(self, pointer: *mut f32) {
        unsafe { _mm256_stream_ps(pointer, self.0) }
    }
    #[inline(always)]
    unsafe fn store_first(self, pointer: *mut f32, count: usize) {
        unsafe { _mm256_maskstore_ps(pointer, mask(count), self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Self(_mm256_add_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Self(_mm256_sub_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { Self(_mm256_mul_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { Self(_mm256_div_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Self(_mm256_fmadd_ps(self.0, factor.0, term.0)) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe {
            // The instruction gives its second operand if either is NaN.
            self.select_nan(self, Self(_mm256_min_ps(self.0, other.0)))
        }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { self.select_nan(self, Self(_mm256_max_ps(self.0, other.0))) }
    }
    #[inline(always)]
    unsafe fn clamp(self, low: Self, high: Self) -> Self {
        // The instructions give their second operand if it is NaN.
        unsafe { Self(_mm256_min_ps(high.0, _mm256_max_ps(low.0, self.0))) }
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        unsafe { Self(_mm256_sqrt_ps(self.0)) }
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        unsafe {
            Self(_mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0))
        }
    }
    #[inline(always)]
    unsafe fn floor(self) -> Self {
        unsafe { Self(_mm256_floor_ps(self.0)) }
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        unsafe { Self(_mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0)) }
    }
    #[inline(always)]
    unsafe fn copy_sign(self, sign: Self) -> Self {
        unsafe {
            let bit = _mm256_set1_ps(-0.0);
            Self(_mm256_or_ps(_mm256_andnot_ps(bit, self.0), _mm256_and_ps(bit, sign.0)))
        }
    }
    #[inline(always)]
    unsafe fn scale_by_power_of_two(self, n: Self) -> Self {
        unsafe {
            // In two halves, so that results beyond the normal numbers are reached without a detour over infinity.
            let n = _mm256_cvtps_epi32(n.0);
            let half = _mm256_srai_epi32::<1>(n);
            let rest = _mm256_sub_epi32(n, half);
            let bias = _mm256_set1_epi32(127);
            let power = |n| _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(n, bias)));
            Self(_mm256_mul_ps(_mm256_mul_ps(self.0, power(half)), power(rest)))
        }
    }
    #[inline(always)]
    unsafe fn split_exponent(self) -> (Self, Self) {
        unsafe {
            let bits = _mm256_castps_si256(self.0);
            let exponent = _mm256_sub_epi32(_mm256_srli_epi32::<23>(bits), _mm256_set1_epi32(126));
            let mantissa = _mm256_or_si256(
                _mm256_and_si256(bits, _mm256_set1_epi32(0x007f_ffff)),
                _mm256_set1_epi32(0x3f00_0000),
            );
            (Self(_mm256_cvtepi32_ps(exponent)), Self(_mm256_castsi256_ps(mantissa)))
        }
    }
    #[inline(always)]
    unsafe fn select_less(self, other: Self, yes: Self, no: Self) -> Self {
        unsafe {
            let less = _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, other.0);
            Self(_mm256_blendv_ps(no.0, yes.0, less))
        }
    }
    #[inline(always)]
    unsafe fn select_nan(self, yes: Self, no: Self) -> Self {
        unsafe {
            let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.0);
            Self(_mm256_blendv_ps(no.0, yes.0, nan))
        }
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        unsafe {
            let four =
                _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        }
    }
    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        unsafe {
            let four =
                _mm_max_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
        }
    }
    #[inline(always)]
    fn prefetch(pointer: *const f32) {
        // An address that leads nowhere does no harm.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(pointer.cast()) }
    }
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self]) {
        unsafe {
            let rows: &mut [Self; 8] = rows.try_into().expect("a square");
            let mut a = [_mm256_setzero_ps(); 8];
            for i in 0..4 {
                a[2 * i] = _mm256_unpacklo_ps(rows[2 * i].0, rows[2 * i + 1].0);
                a[2 * i + 1] = _mm256_unpackhi_ps(rows[2 * i].0, rows[2 * i + 1].0);
            }
            let mut b = [_mm256_setzero_ps(); 8];
            for i in 0..2 {
                for h in 0..2 {
                    let (low, high) = (a[4 * i + h], a[4 * i + 2 + h]);
                    b[4 * i + 2 * h] = _mm256_shuffle_ps::<0x44>(low, high);
                    b[4 * i + 2 * h + 1] = _mm256_shuffle_ps::<0xee>(low, high);
                }
            }
            for c in 0..4 {
                rows[c] = Self(_mm256_permute2f128_ps::<0x20>(b[c], b[4 + c]));
                rows[4 + c] = Self(_mm256_permute2f128_ps::<0x31>(b[c], b[4 + c]));
            }
        }
    }
}
