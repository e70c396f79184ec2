//! The functions inside of recurrent cells.

use tachy_graph::op::recurrent::Activation;

use crate::real::Real;

/// The function of a number.
pub(super) fn apply<T: Real>(activation: Activation, x: T) -> T {
    let (zero, one) = (T::zero(), T::one());
    let of = |value: f32| T::of(f64::from(value));
    match activation {
        Activation::Relu => x.max(zero),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => sigmoid(x),
        Activation::Softsign => x / (one + x.abs()),
        // ln(1 + eˣ) without overflow.
        Activation::Softplus => x.max(zero) + (-x.abs()).exp().ln_1p(),
        Activation::Affine { alpha, beta } => of(alpha) * x + of(beta),
        Activation::LeakyRelu { alpha } => {
            if x >= zero {
                x
            } else {
                of(alpha) * x
            }
        }
        Activation::ThresholdedRelu { alpha } => {
            if x >= of(alpha) {
                x
            } else {
                zero
            }
        }
        Activation::ScaledTanh { alpha, beta } => of(alpha) * (of(beta) * x).tanh(),
        Activation::HardSigmoid { alpha, beta } => (of(alpha) * x + of(beta)).max(zero).min(one),
        Activation::Elu { alpha } => {
            if x >= zero {
                x
            } else {
                of(alpha) * x.exp_m1()
            }
        }
    }
}

/// 1 / (1 + e⁻ˣ), exact at both ends.
fn sigmoid<T: Real>(x: T) -> T {
    T::one() / (T::one() + (-x).exp())
}
