//! The natural logarithm and its kin.

use std::f32::consts::{FRAC_1_SQRT_2, LN_2, SQRT_2};

use super::exponential::{LN_2_HIGH, LN_2_LOW, exp_of_negative};
use super::polynomial::polynomial;
use crate::lanes::Lanes;

/// ln(1 + f) − f for √½ − 1 ≤ f ≤ √2 − 1; error: 6e-9 of ln(1 + f).
#[inline(always)]
unsafe fn curvature<L: Lanes>(f: L) -> L {
    let cubic = polynomial(
        f,
        [
            3.333_331_645e-1,
            -2.500_082_552e-1,
            2.000_237_405e-1,
            -1.662_404_090e-1,
            1.417_884_827e-1,
            -1.313_186_735e-1,
            1.289_991_885e-1,
            -7.873_506_099e-2,
        ],
    );
    let square = f.mul(f);
    square.mul(f).mul_add(cubic, square.mul(L::splat(-0.5)))
}

/// Natural logarithm; −∞ at zero, NaN below. At most 2 ulp.
#[inline(always)]
pub unsafe fn log<L: Lanes>(x: L) -> L {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let normal = L::splat(f32::MIN_POSITIVE);
    let scaled = x.select_less(normal, x.mul(L::splat(33_554_432.0)), x);
    let shift = x.select_less(normal, L::splat(-25.0), zero);
    let (exponent, mantissa) = scaled.split_exponent();
    // Mantissas from √½ to √2, so that numbers near one keep the exponent zero.
    let half = L::splat(FRAC_1_SQRT_2);
    let exponent = exponent.add(shift).sub(mantissa.select_less(half, one, zero));
    let f = mantissa.add(mantissa.select_less(half, mantissa, zero)).sub(one);
    let low = exponent.mul_add(L::splat(LN_2_LOW), curvature(f));
    let result = exponent.mul_add(L::splat(LN_2_HIGH), f.add(low));
    let not_positive = x.select_less(zero, L::splat(f32::NAN), L::splat(f32::NEG_INFINITY));
    let result = zero.select_less(x, result, not_positive);
    x.select_less(L::splat(f32::INFINITY), result, x)
}

/// ln(1 + x) for 0 ≤ x ≤ 1. At most 2 ulp.
#[inline(always)]
unsafe fn log_1p_to_one<L: Lanes>(x: L) -> L {
    let limit = L::splat(SQRT_2 - 1.0);
    // 1 + x = 2 (1 + (x − 1) / 2).
    let halved = x.sub(L::splat(1.0)).mul(L::splat(0.5));
    let f = limit.select_less(x, halved, x);
    let start = limit.select_less(x, L::splat(LN_2), L::splat(0.0));
    start.add(f.add(curvature(f)))
}

/// ln(1 + eˣ). At most 3 ulp.
#[inline(always)]
pub unsafe fn softplus<L: Lanes>(x: L) -> L {
    let e = exp_of_negative(x.abs().mul(L::splat(-1.0)));
    L::splat(0.0).max(x).add(log_1p_to_one(e))
}
