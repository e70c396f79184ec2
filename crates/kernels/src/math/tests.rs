//! Every function on every instruction set against f64.

use super::*;
use crate::lanes::{Isa, Lanes, Work};

/// `to[i] = function(from[i])`.
fn apply(isa: Isa, function: Function, from: &[f32]) -> Vec<f32> {
    struct Loop<'a>(Function, &'a [f32], &'a mut [f32]);
    struct Inner<'a, L>(&'a [f32], &'a mut [f32], std::marker::PhantomData<L>);
    impl<L: Lanes> Visitor for Inner<'_, L> {
        type Output = ();
        #[inline(always)]
        fn visit<M: Map>(self, map: M) {
            for (from, to) in self.0.chunks(L::LANES).zip(self.1.chunks_mut(L::LANES)) {
                // SAFETY: the instruction set is enabled where this is inlined; chunks have as many elements.
                unsafe {
                    let x = L::load_first(from.as_ptr(), from.len());
                    map.apply(x).store_first(to.as_mut_ptr(), to.len());
                }
            }
        }
    }
    impl Work for Loop<'_> {
        type Output = ();
        #[inline(always)]
        unsafe fn run<L: Lanes>(self) {
            self.0.visit(Inner::<L>(self.1, self.2, std::marker::PhantomData));
        }
    }
    let mut to = vec![0.0; from.len()];
    isa.run(Loop(function, from, &mut to));
    to
}

/// Numbers of all sizes, and the special ones.
fn numbers(every: usize) -> Vec<f32> {
    let special = [0.0, -0.0, 1.0, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX];
    let more = [f32::MIN, f32::MIN_POSITIVE, 1e-45, -1e-45, 88.72, 88.73, -103.9, -104.1, 0.5];
    let all = (0..=u32::MAX).step_by(every).map(f32::from_bits);
    special.into_iter().chain(more).chain(all).collect()
}

/// The distance in units in the last place of the expected result, rounded to f32.
fn ulps(got: f32, expected: f64) -> f64 {
    let nearest = expected as f32;
    if got.is_nan() || nearest.is_nan() {
        return if got.is_nan() && nearest.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if got == nearest {
        return 0.0;
    }
    // An infinity stands one step beyond the largest number.
    let finite =
        |x: f32| if x.is_infinite() { 2f64.powi(128).copysign(x.into()) } else { x.into() };
    let expected = if nearest.is_infinite() { finite(nearest) } else { expected };
    let exponent = (nearest.abs().min(f32::MAX).to_bits() >> 23).max(1) as i32;
    (finite(got) - expected).abs() / 2f64.powi(exponent - 150)
}

/// Checks the function on every instruction set: its error in ulp is at most what `bound` says for an argument.
fn check(function: Function, reference: impl Fn(f64) -> f64, bound: impl Fn(f64) -> f64) {
    let numbers = numbers(5_003);
    let expected: Vec<f64> = numbers.iter().map(|x| reference(f64::from(*x))).collect();
    for isa in Isa::all() {
        for ((x, got), expected) in
            numbers.iter().zip(apply(isa, function, &numbers)).zip(&expected)
        {
            let error = ulps(got, *expected);
            assert!(
                error <= bound(f64::from(*x)),
                "{function:?} of {x:e} on {}: {got:e} instead of {expected:e}, {error} ulp",
                isa.name()
            );
        }
    }
}

fn sigmoid_reference(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn exponential_functions() {
    check(Function::Exp, f64::exp, |_| 2.0);
    check(Function::Log, f64::ln, |_| 2.0);
    check(Function::Tanh, f64::tanh, |_| 3.0);
    check(Function::Sigmoid, sigmoid_reference, |_| 3.0);
    check(
        Function::Softplus,
        |x| x.max(0.0) + (-x.abs()).exp().ln_1p() + 0.0 * x.signum(),
        |_| 3.0,
    );
    check(Function::Elu { alpha: 1.0 }, |x| if x < 0.0 { x.exp_m1() } else { x }, |_| 2.0);
}

#[test]
fn error_functions() {
    check(Function::Erf, libm::erf, |_| 2.0);
    let gelu = |x: f64| {
        let tail = 0.5 * libm::erfc(x.abs() * std::f64::consts::FRAC_1_SQRT_2);
        x.max(0.0) - x.abs().min(1e300) * tail + 0.0 * x.signum()
    };
    check(Function::Gelu, gelu, |x| if x < -1.0 { 4.0 + x * x } else { 4.0 });
}

#[test]
fn trigonometric_functions() {
    // The absolute error within the reduced range, in ulp of what is near zero.
    let bound = |value: fn(f64) -> f64| {
        move |x: f64| {
            let exponent = ((value(x) as f32).abs().to_bits() >> 23).max(1) as i32;
            2f64.max(2f64.powi(-23) / 2f64.powi(exponent - 150))
        }
    };
    check(Function::Sin, f64::sin, bound(f64::sin));
    check(Function::Cos, f64::cos, bound(f64::cos));
}

#[test]
fn activations() {
    let alpha = 0.3f32;
    let wide = f64::from(alpha);
    let few = |_| 4.0;
    check(Function::Relu, |x| if x < 0.0 { 0.0 } else { x }, |_| 0.0);
    check(Function::LeakyRelu { alpha }, move |x| if x < 0.0 { wide * x } else { x }, few);
    check(Function::Abs, f64::abs, |_| 0.0);
    check(Function::Neg, |x| -x, |_| 0.0);
    check(Function::Sign, |x| if x == 0.0 { x } else { x.signum() }, |_| 0.0);
    check(Function::Floor, f64::floor, |_| 0.0);
    check(Function::Ceil, f64::ceil, |_| 0.0);
    check(Function::Round, f64::round_ties_even, |_| 0.0);
    check(Function::Sqrt, f64::sqrt, |_| 0.5);
    check(Function::Reciprocal, f64::recip, |_| 0.5);
    check(Function::Softsign, |x| (x as f32 / (1.0 + (x as f32).abs())).into(), |_| 0.0);
    let selu = move |x: f64| 2.0 * if x > 0.0 { x } else { wide * x.exp_m1() };
    check(Function::Selu { alpha, gamma: 2.0 }, selu, few);
    for alpha in [0.7f32, -0.7] {
        let wide = f64::from(alpha);
        let celu = move |x: f64| {
            let (zero, below) = (if x.is_nan() { x } else { 0.0 }, wide * (x / wide).exp_m1());
            x.max(zero) + below.min(zero)
        };
        // The division within is rounded, which the exponential magnifies.
        check(Function::Celu { alpha }, celu, move |x| {
            if x / wide > 80.0 { f64::INFINITY } else { 4.0 + (x / wide).abs().min(104.0) }
        });
    }
    check(Function::ThresholdedRelu { alpha }, move |x| if x > wide { x } else { 0.0 }, |_| 0.0);
    let shrink = move |x: f64| match x {
        x if x < -1.0 => f64::from(x as f32 + alpha),
        x if x > 1.0 => f64::from(x as f32 - alpha),
        _ => 0.0,
    };
    check(Function::Shrink { bias: alpha, lambda: 1.0 }, shrink, |_| 0.0);
    // Rounding within grows with the argument of the exponential.
    let swish = |x: f64| x * sigmoid_reference(x);
    // Where the sigmoid is denormal it has few digits.
    let not_tiny = |exponent: f64, bound: f64| if exponent < -80.0 { f64::INFINITY } else { bound };
    check(Function::Swish { alpha: 1.0 }, swish, move |x| not_tiny(x, 4.0));
    let mish = |x: f64| {
        let e = x.min(100.0).exp();
        let n = e * (e + 2.0);
        x * (n / (n + 2.0))
    };
    check(Function::Mish, mish, move |x| not_tiny(x, 6.0));
    let inner = |x: f64| 2.0 * (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
    let gelu = move |x: f64| x * sigmoid_reference(inner(x));
    check(Function::GeluTanh, gelu, move |x| {
        not_tiny(inner(x), 6.0 + 4.0 * inner(x).min(0.0).abs())
    });
}

#[test]
fn clamped_lines_are_exact_where_they_are_flat() {
    let numbers = numbers(100_003);
    for isa in Isa::all() {
        let hard = Function::HardSigmoid { alpha: 0.2, beta: 0.5 };
        for (x, y) in numbers.iter().zip(apply(isa, hard, &numbers)) {
            let expected = (0.2f64 * f64::from(*x) + 0.5).clamp(0.0, 1.0);
            assert_eq!(x.is_nan(), y.is_nan());
            assert!(x.is_nan() || (f64::from(y) - expected).abs() <= 1.2e-7, "{x:e}: {y:e}");
        }
        for (x, y) in numbers.iter().zip(apply(isa, Function::HardSwish, &numbers)) {
            let expected = f64::from(*x) * (f64::from(*x) / 6.0 + 0.5).clamp(0.0, 1.0);
            let finite = x.is_finite();
            let bound = 2.4e-7 * f64::from(x.abs());
            assert!(!finite || (f64::from(y) - expected).abs() <= bound.max(1e-44), "{x:e}: {y:e}");
        }
    }
}
