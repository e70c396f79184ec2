//! The floats that kernels compute with.

use std::iter::Sum;
use std::ops::{AddAssign, DivAssign, MulAssign, SubAssign};

use num_traits::Float;
use tachy_graph::Element;

/// `f32` or `f64`. Narrower floats are computed in `f32` and rounded once at the end.
pub(crate) trait Real:
    Float + Element + Default + AddAssign + SubAssign + MulAssign + DivAssign + Sum
{
    /// The nearest value.
    fn of(value: f64) -> Self;

    /// The same value with at least as many bits.
    fn widen(self) -> f64;

    /// The matrix product that suits this processor best.
    fn gemm_function() -> GemmFunction<Self>;
}

/// `dst = alpha · dst + beta · lhs · rhs` (`dst` is read only if the first flag is set): rows and columns of the result,
/// the inner size, then pointer, column stride and row stride of `dst`, `lhs` and `rhs`.
pub(crate) type GemmFunction<T> = unsafe fn(
    usize,
    usize,
    usize,
    *mut T,
    isize,
    isize,
    bool,
    *const T,
    isize,
    isize,
    *const T,
    isize,
    isize,
    T,
    T,
    bool,
    bool,
    bool,
    gemm_common::Parallelism,
);

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }

    fn widen(self) -> f64 {
        f64::from(self)
    }

    fn gemm_function() -> GemmFunction<Self> {
        gemm_f32::gemm::f32::get_gemm_fn()
    }
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn widen(self) -> f64 {
        self
    }

    fn gemm_function() -> GemmFunction<Self> {
        gemm_f64::gemm::f64::get_gemm_fn()
    }
}
