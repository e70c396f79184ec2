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
}

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }

    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn widen(self) -> f64 {
        self
    }
}
