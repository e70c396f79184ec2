//! Sine and cosine.

use std::f32::consts::FRAC_2_PI;

use super::lane_by_lane::each;
use super::polynomial::polynomial;
use crate::lanes::Lanes;

/// Larger arguments go lane by lane: their reduction takes more digits of π.
const FAR: f32 = 10_000.0;

/// π/2 in four parts, of which the first three have at most eleven bits: their products with integers below 2¹³ are
/// exact.
const HALF_PI: [f32; 4] = [1.570_312_5, 4.837_512_97e-4, 7.549_533_62e-8, 2.563_344_068e-12];

/// Sine. At most 2 ulp, or 2⁻²³ for results that are small because x is near a multiple of π other than zero.
#[inline(always)]
pub unsafe fn sin<L: Lanes>(x: L) -> L {
    if is_far(x) {
        return each(x, libm::sinf);
    }
    let (quarters, r) = reduce(x);
    wave(quarters, r)
}

/// Cosine. At most 2 ulp, or 2⁻²³ for results that are small.
#[inline(always)]
pub unsafe fn cos<L: Lanes>(x: L) -> L {
    if is_far(x) {
        return each(x, libm::cosf);
    }
    let (quarters, r) = reduce(x);
    wave(quarters.add(L::splat(1.0)), r)
}

/// n and r with x = n · π/2 + r, |r| ≤ π/4.
#[inline(always)]
unsafe fn reduce<L: Lanes>(x: L) -> (L, L) {
    let n = x.mul(L::splat(FRAC_2_PI)).round();
    let mut r = x;
    for part in HALF_PI {
        r = n.mul_add(L::splat(-part), r);
    }
    (n, r)
}

/// sin(n · π/2 + r).
#[inline(always)]
unsafe fn wave<L: Lanes>(n: L, r: L) -> L {
    let square = r.mul(r);
    // (sin r − r) / r³, error 3.6e-9 of the sine; (cos r − 1 + r²/2) / r⁴, error 9.6e-11.
    let sine = polynomial(square, [-1.666_665_524e-1, 8.332_173_340e-3, -1.951_665_618e-4]);
    let sine = square.mul(r).mul_add(sine, r);
    let cosine = polynomial(square, [4.166_664_556e-2, -1.388_736_186e-3, 2.443_772_973e-5]);
    let line = square.mul_add(L::splat(-0.5), L::splat(1.0));
    let cosine = square.mul(square).mul_add(cosine, line);
    // n modulo 4 in [0, 4), and modulo 2.
    let turn = n.mul(L::splat(0.25)).floor().mul_add(L::splat(-4.0), n);
    let odd = n.mul(L::splat(0.5)).floor().mul_add(L::splat(-2.0), n);
    let value = L::splat(0.5).select_less(odd, cosine, sine);
    let sign = L::splat(1.5).select_less(turn, L::splat(-1.0), L::splat(1.0));
    value.mul(sign)
}

/// Whether an argument is too far out; NaN is not.
#[inline(always)]
unsafe fn is_far<L: Lanes>(x: L) -> bool {
    x.select_nan(L::splat(0.0), x.abs()).largest() > FAR
}
