//! The Gauss error function and the activation that is made of it.

use super::exponential::{exp_m1_of_negative, exp_of_negative};
use super::polynomial::polynomial;
use crate::lanes::Lanes;

/// The error function. At most 2 ulp.
#[inline(always)]
pub unsafe fn erf<L: Lanes>(x: L) -> L {
    /// Where the two formulas meet.
    const SEAM: f32 = 0.92;
    let magnitude = x.abs();
    // x + x P(x²); error 1.5e-8 of the result.
    let near = polynomial(
        x.mul(x),
        [
            1.283_791_512e-1,
            -3.761_250_675e-1,
            1.128_195_524e-1,
            -2.677_128_464e-2,
            4.999_601_748e-3,
            -6.021_808_367e-4,
        ],
    );
    let near = magnitude.mul_add(near, magnitude);
    // 1 − e^P(x), where P is the logarithm of 1 − erf; error 1.5e-9. Beyond 4 the result is 1.
    let far = polynomial(
        L::splat(4.0).min(magnitude),
        [
            -1.956_749_329e-4,
            -1.127_675_653,
            -6.371_822_357e-1,
            -1.039_315_984e-1,
            2.222_692_221e-2,
            -3.043_218_050e-3,
            1.959_373_039e-4,
        ],
    );
    let far = L::splat(0.0).sub(exp_m1_of_negative(far));
    magnitude.select_less(L::splat(SEAM), near, far).copy_sign(x)
}

/// x · Φ(x), where Φ is the normal distribution's cumulative function (Hendrycks and Gimpel, 2016); zero at −∞.
///
/// At most 4 ulp for x ≥ −1; below, where it nears zero as e^(−x²/2), the error grows to 1 + x² ulp.
#[inline(always)]
pub unsafe fn gelu<L: Lanes>(x: L) -> L {
    // With Ψ(y) = e^(−y²/2) P(y)/Q(y) for Φ(−y): max(0, x) − |x| Ψ(|x|), without cancellation on either side.
    // P/Q is half the scaled complementary error function of y/√2; error 5.8e-9 of it.
    let y = L::splat(14.4).min(x.abs());
    let e = exp_of_negative(y.mul(y).mul(L::splat(-0.5)));
    let p = polynomial(
        y,
        [0.5, 4.380_902_946e-1, 1.830_834_001e-1, 4.058_203_474e-2, 4.108_698_573e-3],
    );
    let q = polynomial(
        y,
        [1.0, 1.674_065_590, 1.201_873_183, 4.690_700_173e-1, 1.017_305_925e-1, 1.029_885_840e-2],
    );
    let tail = e.mul(p).div(q);
    y.mul(L::splat(-1.0)).mul_add(tail, L::splat(0.0).max(x))
}
