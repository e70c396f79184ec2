//! Element-wise operators with one input.

use num_traits::{Float as _, One, Zero};
use tachy_graph::convert::{Conversion, convert};
use tachy_graph::op::elementwise::Unary;
use tachy_graph::{DType, Element, TensorViewMut};

use super::number::{Float, Functions, Integer, for_float, for_integer};
use super::views::{Views, by_pieces, bytes, elements};
use crate::kernel::{DataError, FnKernel, Kernel, Operands, Prepared, Unsupported};
use crate::real::Real;
use crate::workers::Workers;

pub(super) fn prepare(op: Unary, operands: Operands<'_>) -> Prepared {
    let dtype = operands.input(0).dtype;
    match op {
        Unary::Identity => return Ok(copy()),
        Unary::Not => return Ok(map(|x: bool| !x)),
        Unary::IsNaN | Unary::IsInf { .. } if dtype.is_small_float() => {
            return Ok(classify_small(op, dtype));
        }
        _ => {}
    }
    let kernel = for_float!(dtype, T => Some(float::<T>(op)), _ => {
        for_integer!(dtype, T => integer::<T>(op), _ => None)
    });
    kernel.ok_or_else(|| Unsupported(format!("there is no kernel for {op:?} on {dtype}")))
}

/// The kernel that copies every byte.
pub(super) fn copy() -> Box<dyn Kernel> {
    let run = |_: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        outputs[0].bytes.copy_from_slice(bytes(inputs, 0));
        Ok::<(), DataError>(())
    };
    Box::new(FnKernel(run))
}

/// The kernel that applies a function to every element.
fn map<T: Element, U: Element>(
    function: impl Fn(T) -> U + Copy + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    by_pieces(move |inputs, start, output: &mut [U]| {
        let input = &elements::<T>(inputs, 0)[start..][..output.len()];
        for (output, input) in output.iter_mut().zip(input) {
            *output = function(*input);
        }
    })
}

/// The kernel that applies a function of real numbers to every element.
fn real<T: Float>(
    function: impl Fn(T::Real) -> T::Real + Copy + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    map(move |x: T| T::nearest(function(x.real())))
}

fn float<T: Float>(op: Unary) -> Box<dyn Kernel> {
    let zero = T::Real::zero();
    let one = T::Real::one();
    // The value of a parameter.
    let of = |parameter: f32| <T::Real as Real>::of(f64::from(parameter));
    match op {
        Unary::Abs => real::<T>(|x| x.abs()),
        Unary::Neg => real::<T>(|x| -x),
        // Zero and NaN are returned as they are.
        Unary::Sign => real::<T>(move |x| {
            if x > zero {
                one
            } else if x < zero {
                -one
            } else {
                x
            }
        }),
        Unary::Floor => real::<T>(|x| x.floor()),
        Unary::Ceil => real::<T>(|x| x.ceil()),
        Unary::Round => real::<T>(Functions::round_ties_even),
        Unary::Sqrt => real::<T>(|x| x.sqrt()),
        Unary::Reciprocal => real::<T>(|x| x.recip()),
        Unary::Exp => real::<T>(|x| x.exp()),
        Unary::Log => real::<T>(|x| x.ln()),
        Unary::Erf => real::<T>(Functions::erf),
        Unary::Sin => real::<T>(|x| x.sin()),
        Unary::Cos => real::<T>(|x| x.cos()),
        Unary::Tan => real::<T>(|x| x.tan()),
        Unary::Asin => real::<T>(|x| x.asin()),
        Unary::Acos => real::<T>(|x| x.acos()),
        Unary::Atan => real::<T>(|x| x.atan()),
        Unary::Sinh => real::<T>(|x| x.sinh()),
        Unary::Cosh => real::<T>(|x| x.cosh()),
        Unary::Tanh => real::<T>(|x| x.tanh()),
        Unary::Asinh => real::<T>(|x| x.asinh()),
        Unary::Acosh => real::<T>(|x| x.acosh()),
        Unary::Atanh => real::<T>(|x| x.atanh()),
        Unary::Relu => real::<T>(move |x| if x < zero { zero } else { x }),
        Unary::Sigmoid => real::<T>(sigmoid),
        Unary::Softplus => real::<T>(softplus),
        Unary::Softsign => real::<T>(move |x| x / (one + x.abs())),
        Unary::HardSwish => {
            let (alpha, beta) = (one / of(6.0), of(0.5));
            real::<T>(move |x| x * limit(alpha * x + beta, zero, one))
        }
        Unary::Mish => real::<T>(|x| x * softplus(x).tanh()),
        Unary::Gelu { tanh: false } => {
            // erfc keeps the digits that 1 + erf loses for negative x.
            let (half, scale) = (of(0.5), of(2.0).sqrt().recip());
            real::<T>(move |x| half * x * (-x * scale).erfc())
        }
        Unary::Gelu { tanh: true } => {
            let scale = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
            let (half, scale, cubic) = (of(0.5), T::Real::of(scale), T::Real::of(0.044_715));
            real::<T>(move |x| half * x * (one + (scale * (x + cubic * x * x * x)).tanh()))
        }
        Unary::Swish { alpha } => {
            let alpha = of(alpha);
            real::<T>(move |x| x * sigmoid(alpha * x))
        }
        Unary::LeakyRelu { alpha } => {
            let alpha = of(alpha);
            real::<T>(move |x| if x < zero { alpha * x } else { x })
        }
        Unary::Elu { alpha } => {
            let alpha = of(alpha);
            real::<T>(move |x| if x < zero { alpha * x.exp_m1() } else { x })
        }
        Unary::Selu { alpha, gamma } => {
            let (alpha, gamma) = (of(alpha), of(gamma));
            real::<T>(move |x| gamma * if x > zero { x } else { alpha * x.exp_m1() })
        }
        Unary::Celu { alpha } => {
            let alpha = of(alpha);
            real::<T>(move |x| {
                let below = alpha * (x / alpha).exp_m1();
                let above = if x < zero { zero } else { x };
                above + if below > zero { zero } else { below }
            })
        }
        Unary::HardSigmoid { alpha, beta } => {
            let (alpha, beta) = (of(alpha), of(beta));
            real::<T>(move |x| limit(alpha * x + beta, zero, one))
        }
        Unary::ThresholdedRelu { alpha } => {
            let alpha = of(alpha);
            real::<T>(move |x| if x > alpha { x } else { zero })
        }
        Unary::Shrink { bias, lambda } => {
            let (bias, lambda) = (of(bias), of(lambda));
            real::<T>(move |x| shrink(x, bias, lambda))
        }
        Unary::IsNaN => map(|x: T| x.real().is_nan()),
        Unary::IsInf { negative, positive } => {
            map(move |x: T| is_infinite(x.real(), negative, positive))
        }
        Unary::Identity | Unary::Not | Unary::BitwiseNot => unreachable!("not for floats"),
        _ => unreachable!("every variant is named above"),
    }
}

fn integer<T: Integer>(op: Unary) -> Option<Box<dyn Kernel>> {
    let zero = T::zero();
    Some(match op {
        Unary::Abs => map(move |x: T| if x < zero { x.negated() } else { x }),
        Unary::Neg => map(|x: T| x.negated()),
        Unary::Sign => map(move |x: T| match x {
            x if x > zero => T::one(),
            x if x < zero => T::one().negated(),
            _ => zero,
        }),
        Unary::Relu => map(move |x: T| x.max(zero)),
        Unary::BitwiseNot => map(|x: T| !x),
        Unary::Shrink { bias, lambda } => {
            let (bias, lambda) = (f64::from(bias), f64::from(lambda));
            map(move |x: T| T::truncated(shrink(x.to_f64().unwrap_or(f64::NAN), bias, lambda)))
        }
        _ => return None,
    })
}

/// `IsNaN` and `IsInf` of floats that are only stored.
fn classify_small(op: Unary, dtype: DType) -> Box<dyn Kernel> {
    by_pieces(move |inputs, start, output: &mut [bool]| {
        let codes = &bytes(inputs, 0)[start..][..output.len()];
        for (output, code) in output.iter_mut().zip(codes) {
            let mut value = [0; 4];
            let code = std::slice::from_ref(code);
            convert(dtype, code, DType::F32, &mut value, Conversion::default());
            let value = f32::from_ne_bytes(value);
            *output = match op {
                Unary::IsInf { negative, positive } => is_infinite(value, negative, positive),
                _ => value.is_nan(),
            };
        }
    })
}

fn sigmoid<R: Real>(x: R) -> R {
    (R::one() + (-x).exp()).recip()
}

/// ln(1 + eˣ) without overflow.
fn softplus<R: Real>(x: R) -> R {
    let positive = if x < R::zero() { R::zero() } else { x };
    positive + (-x.abs()).exp().ln_1p()
}

/// The nearest value in a range; NaN stays NaN.
fn limit<R: Real>(x: R, low: R, high: R) -> R {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

fn shrink<R: Real>(x: R, bias: R, lambda: R) -> R {
    if x < -lambda {
        x + bias
    } else if x > lambda {
        x - bias
    } else {
        R::zero()
    }
}

fn is_infinite<R: Real>(x: R, negative: bool, positive: bool) -> bool {
    (negative && x == R::neg_infinity()) || (positive && x == R::infinity())
}
