//! What kernels may do with elements, whatever their type.

use half::{bf16, f16};
use num_traits::{PrimInt, WrappingAdd, WrappingMul, WrappingSub};
use tachy_graph::Element;

use crate::real::Real;

/// Functions of real numbers that `num-traits` lacks.
pub(crate) trait Functions: Real {
    /// Gauss' error function.
    fn erf(self) -> Self;
    /// 1 − erf(x), exact also where erf(x) is near 1.
    fn erfc(self) -> Self;
    /// The nearest integer, halves to even.
    fn round_ties_even(self) -> Self;
}

macro_rules! functions {
    ($rust:ty, $erf:path, $erfc:path) => {
        impl Functions for $rust {
            fn erf(self) -> Self {
                $erf(self)
            }

            fn erfc(self) -> Self {
                $erfc(self)
            }

            fn round_ties_even(self) -> Self {
                self.round_ties_even()
            }
        }
    };
}

functions!(f32, libm::erff, libm::erfcf);
functions!(f64, libm::erf, libm::erfc);

/// A float as it is stored, and the type in which it is computed with: the 16-bit floats are rounded once, when
/// all is computed.
pub(crate) trait Float: Number<Wide = f64> + PartialOrd {
    /// The type in which it is computed with.
    type Real: Functions;
    /// Exactly this value.
    fn real(self) -> Self::Real;
    /// The nearest value.
    fn nearest(real: Self::Real) -> Self;
}

macro_rules! float {
    ($rust:ty, $real:ty, $widen:expr, $nearest:expr) => {
        impl Float for $rust {
            type Real = $real;

            fn real(self) -> $real {
                $widen(self)
            }

            fn nearest(real: $real) -> Self {
                $nearest(real)
            }
        }
    };
}

float!(f32, f32, |x| x, |x| x);
float!(f64, f64, |x| x, |x| x);
float!(f16, f32, f16::to_f32, f16::from_f32);
float!(bf16, f32, bf16::to_f32, bf16::from_f32);

/// An integer of whole bytes. Arithmetic wraps.
pub(crate) trait Integer:
    Number<Wide = i128> + PrimInt + WrappingAdd + WrappingSub + WrappingMul
{
    /// The quotient, truncated towards zero; 0 for a division by zero, wrapped for −2ⁿ⁻¹ / −1.
    fn quotient(self, divisor: Self) -> Self;
    /// What the quotient leaves, with the sign of `self`; 0 for a division by zero.
    fn remainder(self, divisor: Self) -> Self;
    /// A remainder's counterpart with the sign of the divisor.
    fn modulo(self, divisor: Self) -> Self {
        let remainder = self.remainder(divisor);
        let zero = Self::zero();
        if remainder != zero && (remainder < zero) != (divisor < zero) {
            remainder.wrapping_add(&divisor)
        } else {
            remainder
        }
    }
    /// 0 − x.
    fn negated(self) -> Self;
    /// The value without its fraction, saturating.
    fn truncated(value: f64) -> Self;
}

/// A type that sums, products and comparisons are computed in without loss, and its elements.
pub(crate) trait Number: Element + PartialOrd {
    /// `f64` for floats, `i128` for integers.
    type Wide: Copy + Send + Sync + PartialOrd + 'static;
    /// Exactly this value.
    fn wide(self) -> Self::Wide;
    /// The nearest float; the integer's lower bits.
    fn narrow(wide: Self::Wide) -> Self;
}

macro_rules! integer {
    ($($rust:ty),*) => {$(
        impl Integer for $rust {
            fn quotient(self, divisor: Self) -> Self {
                if divisor == 0 { 0 } else { self.wrapping_div(divisor) }
            }

            fn remainder(self, divisor: Self) -> Self {
                if divisor == 0 { 0 } else { self.wrapping_rem(divisor) }
            }

            fn negated(self) -> Self {
                self.wrapping_neg()
            }

            fn truncated(value: f64) -> Self {
                value as Self
            }
        }

        impl Number for $rust {
            type Wide = i128;

            fn wide(self) -> i128 {
                i128::from(self)
            }

            fn narrow(wide: i128) -> Self {
                wide as Self
            }
        }
    )*};
}

integer!(i8, u8, i16, u16, i32, u32, i64, u64);

macro_rules! wide_float {
    ($rust:ty, $widen:expr, $narrow:expr) => {
        impl Number for $rust {
            type Wide = f64;

            fn wide(self) -> f64 {
                $widen(self)
            }

            fn narrow(wide: f64) -> Self {
                $narrow(wide)
            }
        }
    };
}

wide_float!(f32, f64::from, |wide| wide as f32);
wide_float!(f64, |x| x, |wide| wide);
wide_float!(f16, |x: f16| f64::from(x.to_f32()), |wide| f16::from_f32(to_f32_by_odd(wide)));
wide_float!(bf16, |x: bf16| f64::from(x.to_f32()), |wide| bf16::from_f32(to_f32_by_odd(wide)));

/// An f64 as an f32, rounded to odd: rounding it once more, to 16 bits, then gives what rounding once would have.
fn to_f32_by_odd(wide: f64) -> f32 {
    let nearest = wide as f32;
    let exact = f64::from(nearest) == wide || !nearest.is_finite();
    if exact || nearest.to_bits() & 1 == 1 {
        return nearest;
    }
    // The even neighbour was taken; the odd one lies on the other side of the value.
    if (f64::from(nearest) < wide) == (nearest.is_sign_positive()) {
        f32::from_bits(nearest.to_bits() + 1)
    } else {
        f32::from_bits(nearest.to_bits() - 1)
    }
}

/// Runs the body with `$T` standing for the Rust type of a float type; `$other` for every other type.
macro_rules! for_float {
    ($dtype:expr, $T:ident => $body:expr, _ => $other:expr) => {
        match $dtype {
            tachy_graph::DType::F32 => {
                type $T = f32;
                $body
            }
            tachy_graph::DType::F64 => {
                type $T = f64;
                $body
            }
            tachy_graph::DType::F16 => {
                type $T = half::f16;
                $body
            }
            tachy_graph::DType::BF16 => {
                type $T = half::bf16;
                $body
            }
            _ => $other,
        }
    };
}

/// Runs the body with `$T` standing for the Rust type of an integer type; `$other` for every other type.
macro_rules! for_integer {
    ($dtype:expr, $T:ident => $body:expr, _ => $other:expr) => {
        match $dtype {
            tachy_graph::DType::I8 => {
                type $T = i8;
                $body
            }
            tachy_graph::DType::U8 => {
                type $T = u8;
                $body
            }
            tachy_graph::DType::I16 => {
                type $T = i16;
                $body
            }
            tachy_graph::DType::U16 => {
                type $T = u16;
                $body
            }
            tachy_graph::DType::I32 => {
                type $T = i32;
                $body
            }
            tachy_graph::DType::U32 => {
                type $T = u32;
                $body
            }
            tachy_graph::DType::I64 => {
                type $T = i64;
                $body
            }
            tachy_graph::DType::U64 => {
                type $T = u64;
                $body
            }
            _ => $other,
        }
    };
}

/// Runs the body with `$T` standing for the Rust type of a number type; `$other` for every other type.
macro_rules! for_number {
    ($dtype:expr, $T:ident => $body:expr, _ => $other:expr) => {
        $crate::kernels::number::for_float!($dtype, $T => $body, _ => {
            $crate::kernels::number::for_integer!($dtype, $T => $body, _ => $other)
        })
    };
}

pub(crate) use {for_float, for_integer, for_number};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tachy_graph::{DType, Tensor, convert::Conversion};

    proptest! {
        /// The conversion of the graph crate rounds straight from binary64; going by f32 must not differ.
        #[test]
        fn sixteen_bits_are_rounded_once(bits in any::<u64>(), near in -70000f64..70000.0) {
            for value in [f64::from_bits(bits), near] {
                let half = Tensor::scalar(value).cast(DType::F16, Conversion::default()).unwrap();
                let brain = Tensor::scalar(value).cast(DType::BF16, Conversion::default()).unwrap();
                let (half, brain) = (half.as_slice::<f16>().unwrap()[0], brain.as_slice::<bf16>().unwrap()[0]);
                prop_assert!(half.is_nan() || half.to_bits() == f16::narrow(value).to_bits());
                prop_assert!(brain.is_nan() || brain.to_bits() == bf16::narrow(value).to_bits());
            }
        }
    }
}
