//! Activations and other functions of a few instructions.

use super::exponential::{exp, exp_m1_of_negative, sigmoid, tanh};
use crate::lanes::Lanes;

/// −x.
#[inline(always)]
pub unsafe fn neg<L: Lanes>(x: L) -> L {
    x.mul(L::splat(-1.0))
}

/// |x|.
#[inline(always)]
pub unsafe fn abs<L: Lanes>(x: L) -> L {
    x.abs()
}

/// −1, 0 or 1; zeros and NaN as they are.
#[inline(always)]
pub unsafe fn sign<L: Lanes>(x: L) -> L {
    let zero = L::splat(0.0);
    zero.select_less(x, L::splat(1.0), x.select_less(zero, L::splat(-1.0), x))
}

/// Largest integer not above.
#[inline(always)]
pub unsafe fn floor<L: Lanes>(x: L) -> L {
    x.floor()
}

/// Smallest integer not below.
#[inline(always)]
pub unsafe fn ceil<L: Lanes>(x: L) -> L {
    neg(neg(x).floor())
}

/// Nearest integer, halves to even.
#[inline(always)]
pub unsafe fn round<L: Lanes>(x: L) -> L {
    x.round()
}

/// Square root.
#[inline(always)]
pub unsafe fn sqrt<L: Lanes>(x: L) -> L {
    x.sqrt()
}

/// 1/x.
#[inline(always)]
pub unsafe fn reciprocal<L: Lanes>(x: L) -> L {
    L::splat(1.0).div(x)
}

/// max(0, x).
#[inline(always)]
pub unsafe fn relu<L: Lanes>(x: L) -> L {
    L::splat(0.0).max(x)
}

/// x / (1 + |x|).
#[inline(always)]
pub unsafe fn softsign<L: Lanes>(x: L) -> L {
    x.div(x.abs().add(L::splat(1.0)))
}

/// αx + β.
#[inline(always)]
pub unsafe fn affine<L: Lanes>(x: L, alpha: f32, beta: f32) -> L {
    x.mul_add(L::splat(alpha), L::splat(beta))
}

/// max(0, min(1, αx + β)).
#[inline(always)]
pub unsafe fn hard_sigmoid<L: Lanes>(x: L, alpha: f32, beta: f32) -> L {
    L::splat(0.0).max(L::splat(1.0).min(affine(x, alpha, beta)))
}

/// x · max(0, min(1, x/6 + 1/2)).
#[inline(always)]
pub unsafe fn hard_swish<L: Lanes>(x: L) -> L {
    x.mul(hard_sigmoid(x, 1.0 / 6.0, 0.5))
}

/// α tanh(βx).
#[inline(always)]
pub unsafe fn scaled_tanh<L: Lanes>(x: L, alpha: f32, beta: f32) -> L {
    L::splat(alpha).mul(tanh(x.mul(L::splat(beta))))
}

/// x · tanh(ln(1 + eˣ)) (Misra, 2019).
#[inline(always)]
pub unsafe fn mish<L: Lanes>(x: L) -> L {
    // With n = e²ˣ + 2eˣ: tanh(ln(1 + eˣ)) = n / (n + 2), which is 1 from 20 on.
    let two = L::splat(2.0);
    let e = exp(L::splat(20.0).min(x));
    let n = e.mul_add(e, e.mul(two));
    x.mul(n.div(n.add(two)))
}

/// x · ½ (1 + tanh(√(2/π) (x + 0.044715 x³))) (Hendrycks and Gimpel, 2016).
#[inline(always)]
pub unsafe fn gelu_tanh<L: Lanes>(x: L) -> L {
    // ½ (1 + tanh u) is the sigmoid of 2u.
    const SCALE: f32 = 1.595_769_1;
    let cubic = x.mul(x).mul_add(L::splat(0.044_715 * SCALE), L::splat(SCALE));
    x.mul(sigmoid(x.mul(cubic)))
}

/// x · sigmoid(αx).
#[inline(always)]
pub unsafe fn swish<L: Lanes>(x: L, alpha: f32) -> L {
    x.mul(sigmoid(x.mul(L::splat(alpha))))
}

/// x for x ≥ 0, αx below.
#[inline(always)]
pub unsafe fn leaky_relu<L: Lanes>(x: L, alpha: f32) -> L {
    x.select_less(L::splat(0.0), x.mul(L::splat(alpha)), x)
}

/// α(eˣ − 1) of the negative part.
#[inline(always)]
unsafe fn exponential_below<L: Lanes>(x: L, alpha: f32) -> L {
    L::splat(alpha).mul(exp_m1_of_negative(L::splat(0.0).min(x)))
}

/// x for x ≥ 0, α(eˣ − 1) below.
#[inline(always)]
pub unsafe fn elu<L: Lanes>(x: L, alpha: f32) -> L {
    x.select_less(L::splat(0.0), exponential_below(x, alpha), x)
}

/// γx for x > 0, γα(eˣ − 1) otherwise.
#[inline(always)]
pub unsafe fn selu<L: Lanes>(x: L, alpha: f32, gamma: f32) -> L {
    L::splat(gamma).mul(L::splat(0.0).select_less(x, x, exponential_below(x, alpha)))
}

/// max(0, x) + min(0, α(e^(x/α) − 1)).
#[inline(always)]
pub unsafe fn celu<L: Lanes>(x: L, alpha: f32) -> L {
    if alpha > 0.0 {
        let below = exponential_below(x.div(L::splat(alpha)), alpha);
        L::splat(0.0).max(x).add(below)
    } else {
        super::lane_by_lane::celu_of_any_alpha(x, alpha)
    }
}

/// x for x > α, 0 otherwise.
#[inline(always)]
pub unsafe fn thresholded_relu<L: Lanes>(x: L, alpha: f32) -> L {
    L::splat(alpha).select_less(x, x, L::splat(0.0))
}

/// x + bias below −λ, x − bias above λ, 0 between.
#[inline(always)]
pub unsafe fn shrink<L: Lanes>(x: L, bias: f32, lambda: f32) -> L {
    let above = L::splat(lambda).select_less(x, x.sub(L::splat(bias)), L::splat(0.0));
    x.select_less(L::splat(-lambda), x.add(L::splat(bias)), above)
}
