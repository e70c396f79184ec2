//! The exponential function, and the two sigmoid functions that are made of it.

use std::f32::consts::LOG2_E;

use super::polynomial::polynomial;
use crate::lanes::Lanes;

/// The first digits of ln 2: nine bits, so that the product with an exponent is exact.
pub(super) const LN_2_HIGH: f32 = 0.693_359_375;
/// What they lack.
pub(super) const LN_2_LOW: f32 = -2.121_944_4e-4;

/// Below this, eˣ is less than half of the smallest number.
const LEAST: f32 = -104.0;

/// n and m with eˣ = 2ⁿ · (1 + m), where n is an integer and |m| < 0.42. `x` must be within ±10⁴.
#[inline(always)]
unsafe fn split<L: Lanes>(x: L) -> (L, L) {
    // Adding 1.5 · 2²³ leaves no place for a fraction: the sum is rounded to the nearest integer.
    let magic = L::splat(12_582_912.0);
    let n = x.mul_add(L::splat(LOG2_E), magic).sub(magic);
    let r = n.mul_add(L::splat(-LN_2_HIGH), x);
    let r = n.mul_add(L::splat(-LN_2_LOW), r);
    // (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2; error of eʳ − 1: 1.3e-8 of it.
    let q = polynomial(
        r,
        [0.5, 1.666_654_199e-1, 4.166_628_048e-2, 8.366_631_344e-3, 1.394_652_994e-3],
    );
    (n, r.mul(r).mul_add(q, r))
}

/// eˣ. At most 2 ulp.
#[inline(always)]
pub unsafe fn exp<L: Lanes>(x: L) -> L {
    let x = L::splat(89.0).min(L::splat(LEAST).max(x));
    let (n, m) = split(x);
    L::splat(1.0).add(m).scale_by_power_of_two(n)
}

/// eˣ for x ≤ 0. At most 2 ulp.
#[inline(always)]
pub(super) unsafe fn exp_of_negative<L: Lanes>(x: L) -> L {
    let (n, m) = split(L::splat(LEAST).max(x));
    L::splat(1.0).add(m).scale_by_power_of_two(n)
}

/// eˣ − 1 for x ≤ 0. At most 2 ulp.
#[inline(always)]
pub unsafe fn exp_m1_of_negative<L: Lanes>(x: L) -> L {
    // Already at −17.4 the result is −1.
    let (n, m) = split(L::splat(-30.0).max(x));
    let one = L::splat(1.0);
    let power = one.scale_by_power_of_two(n);
    power.mul_add(m, power.sub(one))
}

/// Hyperbolic tangent. At most 3 ulp.
#[inline(always)]
pub unsafe fn tanh<L: Lanes>(x: L) -> L {
    let [numerator, denominator] = tanh_fraction(x);
    numerator.div(denominator)
}

/// Numerator and denominator of the hyperbolic tangent, for those who can join it with another division. The
/// denominator is from 1 to 2.
#[inline(always)]
pub unsafe fn tanh_fraction<L: Lanes>(x: L) -> [L; 2] {
    // With m = e^(−2|x|) − 1: tanh |x| = −m / (m + 2).
    let m = exp_m1_of_negative(x.abs().mul(L::splat(-2.0)));
    [m.copy_sign(x), m.add(L::splat(2.0))]
}

/// 1 / (1 + e⁻ˣ). At most 3 ulp, also where it nears zero.
#[inline(always)]
pub unsafe fn sigmoid<L: Lanes>(x: L) -> L {
    let [numerator, denominator] = sigmoid_fraction(x);
    numerator.div(denominator)
}

/// Numerator and denominator of the sigmoid function, for those who can join it with another division. The
/// denominator is from 1 to 2.
#[inline(always)]
pub unsafe fn sigmoid_fraction<L: Lanes>(x: L) -> [L; 2] {
    let one = L::splat(1.0);
    let e = exp_of_negative(x.abs().mul(L::splat(-1.0)));
    [x.select_less(L::splat(0.0), e, one), one.add(e)]
}
