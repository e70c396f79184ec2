//! Functions of one number, for vectors.
//!
//! Each is polynomials and a division at most, free of branches. The polynomials are minimax fits of our own (iterated
//! reweighted least squares at Chebyshev points); arguments are reduced as W. J. Cody and W. Waite do it ("Software
//! Manual for the Elementary Functions", 1980), with constants split so that products with small integers are exact
//! even without fused multiply-add. Bounds of the error are given in units in the last place (ulp) of the result, against
//! computation in f64; the tests check them over the whole range. Functions that are rare in models go lane by lane.
//!
//! NaN gives NaN, infinities give the limit, and denormal numbers are taken and given as such unless the processor is
//! told to flush them.
//!
//! Everything here is unsafe for one reason: it may be called only where the instruction set of `L` is enabled, within
//! [`Work::run`](crate::lanes::Work::run).
#![expect(
    unsafe_op_in_unsafe_fn,
    clippy::excessive_precision,
    clippy::missing_safety_doc,
    reason = "one contract for the whole module, which the methods of Lanes share; coefficients stand as fitted"
)]

mod activation;
mod error_function;
mod exponential;
mod function;
mod lane_by_lane;
mod logarithm;
mod polynomial;
mod trigonometric;

pub use activation::*;
pub use error_function::{erf, gelu};
pub use exponential::{exp, exp_m1_of_negative, sigmoid, sigmoid_fraction, tanh, tanh_fraction};
pub use function::{Function, Map, Visitor};
pub use lane_by_lane::{
    acos, acosh, asin, asinh, atan, atanh, celu_of_any_alpha, cosh, pow, sinh, tan,
};
pub use logarithm::{log, softplus};
pub use trigonometric::{cos, sin};

#[cfg(test)]
mod tests;
