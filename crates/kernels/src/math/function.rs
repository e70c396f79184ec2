//! The functions as data.

use super::*;
use crate::lanes::Lanes;

/// A function of one number, in a form that a loop over vectors can be compiled for.
pub trait Map: Copy {
    /// Its value in every lane.
    ///
    /// # Safety
    /// The processor must have the instruction set of `L`. Implementations are `#[inline(always)]`.
    unsafe fn apply<L: Lanes>(self, x: L) -> L;
}

/// What is done with a function once it is known which.
pub trait Visitor {
    /// What it gives.
    type Output;

    /// Does it. Implementations that hold vectors are `#[inline(always)]`.
    fn visit<M: Map>(self, map: M) -> Self::Output;
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident
        $({ $($(#[$parameter_doc:meta])* $parameter:ident),* })? = $function:path;)*) => {
        /// A function of one number.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub enum Function {
            $($(#[$doc])* $name $({ $($(#[$parameter_doc])* $parameter: f32),* })?,)*
        }

        impl Function {
            /// Calls the visitor with the function.
            #[inline(always)]
            pub fn visit<V: Visitor>(self, visitor: V) -> V::Output {
                match self {
                    $(Function::$name $({ $($parameter),* })? => {
                        #[derive(Clone, Copy)]
                        struct This { $($($parameter: f32),*)? }
                        impl Map for This {
                            #[inline(always)]
                            unsafe fn apply<L: Lanes>(self, x: L) -> L {
                                $function(x $($(, self.$parameter)*)?)
                            }
                        }
                        visitor.visit(This { $($($parameter),*)? })
                    })*
                }
            }
        }
    };
}

functions! {
    /// |x|.
    Abs = abs;
    /// −x.
    Neg = neg;
    /// −1, 0 or 1; NaN stays NaN.
    Sign = sign;
    /// Largest integer not above.
    Floor = floor;
    /// Smallest integer not below.
    Ceil = ceil;
    /// Nearest integer, halves to even.
    Round = round;
    /// Square root.
    Sqrt = sqrt;
    /// 1/x.
    Reciprocal = reciprocal;
    /// eˣ.
    Exp = exp;
    /// Natural logarithm.
    Log = log;
    /// Gauss error function.
    Erf = erf;
    /// Sine.
    Sin = sin;
    /// Cosine.
    Cos = cos;
    /// Tangent.
    Tan = tan;
    /// Inverse sine.
    Asin = asin;
    /// Inverse cosine.
    Acos = acos;
    /// Inverse tangent.
    Atan = atan;
    /// Hyperbolic sine.
    Sinh = sinh;
    /// Hyperbolic cosine.
    Cosh = cosh;
    /// Hyperbolic tangent.
    Tanh = tanh;
    /// Inverse hyperbolic sine.
    Asinh = asinh;
    /// Inverse hyperbolic cosine.
    Acosh = acosh;
    /// Inverse hyperbolic tangent.
    Atanh = atanh;
    /// max(0, x).
    Relu = relu;
    /// 1 / (1 + e⁻ˣ).
    Sigmoid = sigmoid;
    /// ln(1 + eˣ).
    Softplus = softplus;
    /// x / (1 + |x|).
    Softsign = softsign;
    /// x · max(0, min(1, x/6 + 1/2)).
    HardSwish = hard_swish;
    /// x · tanh(ln(1 + eˣ)).
    Mish = mish;
    /// x · Φ(x).
    Gelu = gelu;
    /// x · ½ (1 + tanh(√(2/π) (x + 0.044715 x³))).
    GeluTanh = gelu_tanh;
    /// x · sigmoid(αx).
    Swish {
        /// α.
        alpha
    } = swish;
    /// x for x ≥ 0, αx below.
    LeakyRelu {
        /// α.
        alpha
    } = leaky_relu;
    /// x for x ≥ 0, α(eˣ − 1) below.
    Elu {
        /// α.
        alpha
    } = elu;
    /// γx for x > 0, γα(eˣ − 1) otherwise.
    Selu {
        /// α.
        alpha,
        /// γ.
        gamma
    } = selu;
    /// max(0, x) + min(0, α(e^(x/α) − 1)).
    Celu {
        /// α.
        alpha
    } = celu;
    /// max(0, min(1, αx + β)).
    HardSigmoid {
        /// α.
        alpha,
        /// β.
        beta
    } = hard_sigmoid;
    /// x for x > α, 0 otherwise.
    ThresholdedRelu {
        /// α.
        alpha
    } = thresholded_relu;
    /// x + bias below −λ, x − bias above λ, 0 between.
    Shrink {
        /// The bias.
        bias,
        /// λ.
        lambda
    } = shrink;
    /// αx + β.
    Affine {
        /// α.
        alpha,
        /// β.
        beta
    } = affine;
    /// α tanh(βx).
    ScaledTanh {
        /// α.
        alpha,
        /// β.
        beta
    } = scaled_tanh;
}
