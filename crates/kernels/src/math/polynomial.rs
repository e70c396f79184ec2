//! Polynomials.

use crate::lanes::Lanes;

/// c₀ + c₁x + c₂x² + …, after Horner.
#[inline(always)]
pub(super) unsafe fn polynomial<L: Lanes, const N: usize>(x: L, coefficients: [f32; N]) -> L {
    let mut sum = L::splat(coefficients[N - 1]);
    let mut power = N - 1;
    while power > 0 {
        power -= 1;
        sum = sum.mul_add(x, L::splat(coefficients[power]));
    }
    sum
}
