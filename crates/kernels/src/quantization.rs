//! Between `f32` and integers of 8 bits.
//!
//! Arithmetic in `f32` gives the same bits here as in `f64`, rounded at the end: a quotient of two `f32` is rounded once
//! either way (53 bits are more than twice 24 and two), and a difference of two integers of 8 bits is exact.

use crate::lanes::{Isa, Lanes, Work};

/// An integer of 8 bits.
pub trait Byte: Copy + Send + Sync + 'static {
    /// Its range.
    const RANGE: [f32; 2];

    /// Its value.
    fn value(self) -> f32;

    /// The integer of a whole number within the range.
    fn of(value: f32) -> Self;
}

/// Added to a whole number of up to 22 bits, it leaves that in the lowest bits of the sum, which compilers vectorise where
/// they do not vectorise a conversion that looks after all other numbers.
const WHOLE: f32 = 1.5 * (1 << 23) as f32;

impl Byte for u8 {
    const RANGE: [f32; 2] = [0.0, 255.0];

    #[inline(always)]
    fn value(self) -> f32 {
        f32::from(self)
    }

    #[inline(always)]
    fn of(value: f32) -> Self {
        (value + WHOLE).to_bits() as u8
    }
}

impl Byte for i8 {
    const RANGE: [f32; 2] = [-128.0, 127.0];

    #[inline(always)]
    fn value(self) -> f32 {
        f32::from(self)
    }

    #[inline(always)]
    fn of(value: f32) -> Self {
        (value + WHOLE).to_bits() as i8
    }
}

/// `x / scale`, rounded to the nearest integer (to the even one of two) plus `zero`, limited to the range of `T`; 0 where
/// that is no number.
///
/// # Panics
/// If the slices differ in length.
pub fn quantize<T: Byte>(x: &[f32], scale: f32, zero: T, output: &mut [T]) {
    Isa::best().run(Quantize { x, scale, zero, output });
}

/// `(x - zero) * scale`.
///
/// # Panics
/// If the slices differ in length.
pub fn dequantize<T: Byte>(x: &[T], scale: f32, zero: T, output: &mut [f32]) {
    Isa::best().run(Dequantize { x, scale, zero, output });
}

struct Quantize<'a, T> {
    x: &'a [f32],
    scale: f32,
    zero: T,
    output: &'a mut [T],
}

impl<T: Byte> Work for Quantize<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Self { x, scale, zero, output } = self;
        assert_eq!(x.len(), output.len());
        let ([low, high], zero) = (T::RANGE, zero.value());
        for (output, x) in output.iter_mut().zip(x) {
            let value = (x / scale).round_ties_even() + zero;
            let value = if value.is_nan() { 0.0 } else { value };
            *output = T::of(value.clamp(low, high));
        }
    }
}

struct Dequantize<'a, T> {
    x: &'a [T],
    scale: f32,
    zero: T,
    output: &'a mut [f32],
}

impl<T: Byte> Work for Dequantize<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Self { x, scale, zero, output } = self;
        assert_eq!(x.len(), output.len());
        let zero = zero.value();
        for (output, x) in output.iter_mut().zip(x) {
            *output = (x.value() - zero) * scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of all bit patterns, halves that lie between two integers, and what no integer is near to.
    fn numbers() -> Vec<f32> {
        let patterns = (0..2000_u32).map(|place| place.wrapping_mul(0x9e37_79b1));
        let mut numbers: Vec<f32> = patterns.map(f32::from_bits).collect();
        numbers.extend((-600..600).map(|half| half as f32 * 0.5));
        numbers.extend([f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, f32::MIN_POSITIVE / 2.0]);
        numbers
    }

    fn check<T: Byte + PartialEq + std::fmt::Debug>(of_f64: impl Fn(f64) -> T, zeros: [T; 3]) {
        let numbers = numbers();
        let [low, high] = T::RANGE.map(f64::from);
        for zero in zeros {
            for scale in [1.0f32, 0.1, 3.7e-3, 1e30, 1e-40, 0.0] {
                for isa in Isa::all() {
                    let mut quantized = vec![zeros[0]; numbers.len()];
                    isa.run(Quantize { x: &numbers, scale, zero, output: &mut quantized });
                    let mut back = vec![0f32; numbers.len()];
                    isa.run(Dequantize { x: &quantized, scale, zero, output: &mut back });
                    for ((x, quantized), back) in numbers.iter().zip(&quantized).zip(back) {
                        let quotient = (f64::from(*x) / f64::from(scale)) as f32;
                        let zero = f64::from(zero.value());
                        let wide = f64::from(quotient).round_ties_even() + zero;
                        let expected = of_f64(wide.clamp(low, high));
                        assert_eq!(*quantized, expected, "{x} / {scale} + {zero}, {}", isa.name());
                        let wide = (f64::from(quantized.value()) - zero) * f64::from(scale);
                        assert_eq!(back.to_bits(), (wide as f32).to_bits());
                    }
                }
            }
        }
    }

    #[test]
    fn every_bit_is_that_of_arithmetic_in_f64() {
        check::<u8>(|wide| wide as u8, [0, 128, 255]);
        check::<i8>(|wide| wide as i8, [0, -128, 127]);
    }
}
