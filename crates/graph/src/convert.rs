//! Conversion of elements from any type to any other, by the rules of ONNX's `Cast`.
//!
//! - To a float: the nearest value, ties to even, rounded once. Beyond its range: infinity, or what
//!   [`Conversion`] says for the 8-bit floats. The 4-bit float always takes its largest value.
//! - A float to an integer: truncated towards zero. ONNX leaves values out of range open; here they take the
//!   32- or 64-bit integer type's nearest value and NaN becomes 0, and narrower types keep the lower bits of the
//!   32-bit value, as most compilers do it.
//! - An integer to a narrower one: the higher bits are dropped.
//! - To a boolean: anything but zero is `true`.
//!
//! Signed integers below 8 bits keep their sign in the unused bits of their byte; those bits are not read.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use crate::dtype::DType;
use crate::small_float::{Layout, exponent, power_of_two};
use crate::tensor::{Tensor, TensorError};

/// What becomes of values that the 8-bit floats cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conversion {
    /// Whether a value beyond an 8-bit float's range becomes its largest value instead of infinity or NaN.
    pub saturate: bool,
    /// How values between two powers of two are rounded to [`DType::F8E8M0`].
    pub round_mode: RoundMode,
}

impl Default for Conversion {
    /// ONNX's defaults: saturating, and rounding scales up.
    fn default() -> Self {
        Self { saturate: true, round_mode: RoundMode::Up }
    }
}

/// How a value is rounded to a power of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoundMode {
    /// To the next above.
    Up,
    /// To the next below.
    Down,
    /// To the nearer; from the middle, up.
    Nearest,
}

/// Elements that are converted at a time: small enough for the stack, large enough to make the choice of the
/// types' loops not count.
const PIECE: usize = 256;

/// Converts elements, given as their bytes in memory (one element to a byte below 8 bits; no alignment needed).
///
/// # Panics
/// If the two slices do not hold equally many elements.
pub fn convert(from: DType, source: &[u8], to: DType, target: &mut [u8], conversion: Conversion) {
    assert_eq!(source.len() / from.size(), target.len() / to.size(), "as many elements out as in");
    if from == to {
        target.copy_from_slice(source);
        return;
    }
    match (from, to) {
        // What models with narrow floats do most, at each run.
        (DType::F16, DType::F32) => return widen::<f16>(source, target),
        (DType::BF16, DType::F32) => return widen::<bf16>(source, target),
        (DType::F32, DType::F16) => return narrow::<f16>(source, target),
        (DType::F32, DType::BF16) => return narrow::<bf16>(source, target),
        _ => {}
    }
    let pieces = source.chunks(PIECE * from.size()).zip(target.chunks_mut(PIECE * to.size()));
    if from.is_float() || from.is_small_float() {
        let mut values = [0f64; PIECE];
        for (source, target) in pieces {
            let values = &mut values[..source.len() / from.size()];
            read_floats(from, source, values);
            write_floats(values, to, target, conversion);
        }
    } else {
        let mut values = [0i64; PIECE];
        for (source, target) in pieces {
            let values = &mut values[..source.len() / from.size()];
            read_integers(from, source, values);
            if from == DType::U64 {
                write_integers(values, |value| value as u64, to, target, conversion);
            } else {
                write_integers(values, |value| value, to, target, conversion);
            }
        }
    }
}

/// Floats of 16 bits.
trait Half: bytemuck::Pod {
    fn widen(from: &[Self], to: &mut [f32]);
    fn narrow(from: &[f32], to: &mut [Self]);
}

impl Half for f16 {
    fn widen(from: &[Self], to: &mut [f32]) {
        from.convert_to_f32_slice(to);
    }

    fn narrow(from: &[f32], to: &mut [Self]) {
        to.convert_from_f32_slice(from);
    }
}

impl Half for bf16 {
    fn widen(from: &[Self], to: &mut [f32]) {
        from.convert_to_f32_slice(to);
    }

    fn narrow(from: &[f32], to: &mut [Self]) {
        to.convert_from_f32_slice(from);
    }
}

fn widen<T: Half>(source: &[u8], target: &mut [u8]) {
    let (mut narrow, mut wide) = ([T::zeroed(); PIECE], [0f32; PIECE]);
    let pieces =
        source.chunks(PIECE * size_of::<T>()).zip(target.chunks_mut(PIECE * size_of::<f32>()));
    for (source, target) in pieces {
        bytemuck::bytes_of_mut(&mut narrow)[..source.len()].copy_from_slice(source);
        T::widen(&narrow, &mut wide);
        target.copy_from_slice(&bytemuck::bytes_of(&wide)[..target.len()]);
    }
}

fn narrow<T: Half>(source: &[u8], target: &mut [u8]) {
    let (mut wide, mut narrow) = ([0f32; PIECE], [T::zeroed(); PIECE]);
    let pieces =
        source.chunks(PIECE * size_of::<f32>()).zip(target.chunks_mut(PIECE * size_of::<T>()));
    for (source, target) in pieces {
        bytemuck::bytes_of_mut(&mut wide)[..source.len()].copy_from_slice(source);
        T::narrow(&wide, &mut narrow);
        target.copy_from_slice(&bytemuck::bytes_of(&narrow)[..target.len()]);
    }
}

impl Tensor {
    /// The same values as another element type.
    ///
    /// # Errors
    /// If there is no memory for them.
    pub fn cast(&self, to: DType, conversion: Conversion) -> Result<Tensor, TensorError> {
        if to == self.dtype() {
            return Ok(self.clone());
        }
        let mut target = Tensor::zeros(to, self.shape())?;
        convert(self.dtype(), self.bytes(), to, target.bytes_mut(), conversion);
        Ok(target)
    }
}

/// Reads elements of a type that has `from_ne_bytes`.
macro_rules! read {
    ($rust:ty, $source:expr, $values:expr, $convert:expr) => {
        for (value, raw) in $values.iter_mut().zip($source.chunks_exact(size_of::<$rust>())) {
            let element = <$rust>::from_ne_bytes(raw.try_into().expect("chunks are exact"));
            *value = $convert(element);
        }
    };
}

/// Writes elements of a type that has `to_ne_bytes`.
macro_rules! write {
    ($rust:ty, $values:expr, $target:expr, $convert:expr) => {
        for (value, raw) in $values.iter().zip($target.chunks_exact_mut(size_of::<$rust>())) {
            let element: $rust = $convert(*value);
            raw.copy_from_slice(&element.to_ne_bytes());
        }
    };
}

fn read_floats(from: DType, source: &[u8], values: &mut [f64]) {
    match (from, Layout::of(from)) {
        (DType::F32, _) => read!(f32, source, values, f64::from),
        (DType::F64, _) => read!(f64, source, values, |value| value),
        (DType::F16, _) => read!(f16, source, values, |value: f16| f64::from(value.to_f32())),
        (DType::BF16, _) => read!(bf16, source, values, |value: bf16| f64::from(value.to_f32())),
        (DType::F8E8M0, _) => read!(u8, source, values, decode_scale),
        (_, Some(layout)) => {
            read!(u8, source, values, |code: u8| layout.decode(u16::from(code)));
        }
        _ => unreachable!("{from} is not a float"),
    }
}

fn read_integers(from: DType, source: &[u8], values: &mut [i64]) {
    match from {
        DType::I64 => read!(i64, source, values, |value| value),
        DType::U64 => read!(u64, source, values, |value: u64| value as i64),
        DType::I32 => read!(i32, source, values, i64::from),
        DType::U32 => read!(u32, source, values, i64::from),
        DType::I16 => read!(i16, source, values, i64::from),
        DType::U16 => read!(u16, source, values, i64::from),
        DType::I8 => read!(i8, source, values, i64::from),
        DType::U8 | DType::Bool => read!(u8, source, values, i64::from),
        DType::I4 => read!(i8, source, values, |value: i8| i64::from(value << 4 >> 4)),
        DType::U4 => read!(u8, source, values, |value: u8| i64::from(value & 0xf)),
        DType::I2 => read!(i8, source, values, |value: i8| i64::from(value << 6 >> 6)),
        DType::U2 => read!(u8, source, values, |value: u8| i64::from(value & 0x3)),
        _ => unreachable!("{from} is not an integer"),
    }
}

fn write_floats(values: &[f64], to: DType, target: &mut [u8], conversion: Conversion) {
    match to {
        DType::F32 => write!(f32, values, target, |value| value as f32),
        DType::F64 => write!(f64, values, target, |value| value),
        DType::I64 => write!(i64, values, target, |value| value as i64),
        DType::U64 => write!(u64, values, target, |value| value as u64),
        DType::I32 => write!(i32, values, target, |value| value as i32),
        DType::U32 => write!(u32, values, target, |value| value as u32),
        DType::I16 => write!(i16, values, target, |value| value as i32 as i16),
        DType::U16 => write!(u16, values, target, |value| value as i32 as u16),
        DType::I8 | DType::U8 => write!(u8, values, target, |value| value as i32 as u8),
        DType::I4 => write!(i8, values, target, |value| (value as i32 as i8) << 4 >> 4),
        DType::U4 => write!(u8, values, target, |value| value as i32 as u8 & 0xf),
        DType::I2 => write!(i8, values, target, |value| (value as i32 as i8) << 6 >> 6),
        DType::U2 => write!(u8, values, target, |value| value as i32 as u8 & 0x3),
        DType::Bool => write!(u8, values, target, |value| u8::from(value != 0.0)),
        _ => write_narrow_floats(values, |value| value, to, target, conversion),
    }
}

/// Writes integers that `widen` gives their true type.
fn write_integers<T: Integer>(
    values: &[i64],
    widen: impl Fn(i64) -> T,
    to: DType,
    target: &mut [u8],
    conversion: Conversion,
) {
    match to {
        DType::F32 => write!(f32, values, target, |value| widen(value).to_f32()),
        DType::F64 => write!(f64, values, target, |value| widen(value).to_f64()),
        DType::I64 | DType::U64 => write!(i64, values, target, |value| value),
        DType::I32 | DType::U32 => write!(i32, values, target, |value| value as i32),
        DType::I16 | DType::U16 => write!(i16, values, target, |value| value as i16),
        DType::I8 | DType::U8 => write!(u8, values, target, |value| value as u8),
        DType::I4 => write!(i8, values, target, |value| (value as i8) << 4 >> 4),
        DType::U4 => write!(u8, values, target, |value| value as u8 & 0xf),
        DType::I2 => write!(i8, values, target, |value| (value as i8) << 6 >> 6),
        DType::U2 => write!(u8, values, target, |value| value as u8 & 0x3),
        DType::Bool => write!(u8, values, target, |value| u8::from(value != 0)),
        _ => {
            let odd = |value| widen(value).to_f64_by_odd();
            write_narrow_floats(values, odd, to, target, conversion);
        }
    }
}

fn write_narrow_floats<T: Copy>(
    values: &[T],
    widen: impl Fn(T) -> f64,
    to: DType,
    target: &mut [u8],
    conversion: Conversion,
) {
    match (to, Layout::of(to)) {
        (DType::F8E8M0, _) => {
            write!(u8, values, target, |value| encode_scale(widen(value), conversion));
        }
        (DType::F16 | DType::BF16, Some(layout)) => {
            write!(u16, values, target, |value| layout.encode(widen(value), false));
        }
        (_, Some(layout)) => {
            let saturate = conversion.saturate;
            write!(u8, values, target, |value| layout.encode(widen(value), saturate) as u8);
        }
        _ => unreachable!("{to} is not a float"),
    }
}

/// The 64-bit integers, as which every integer is read.
trait Integer {
    fn to_f32(self) -> f32;
    fn to_f64(self) -> f64;
    /// Rounded to odd: to a float of fewer bits it then rounds as if it had never been rounded before.
    fn to_f64_by_odd(self) -> f64;
}

impl Integer for i64 {
    fn to_f32(self) -> f32 {
        self as f32
    }

    fn to_f64(self) -> f64 {
        self as f64
    }

    fn to_f64_by_odd(self) -> f64 {
        let magnitude = self.unsigned_abs().to_f64_by_odd();
        if self < 0 { -magnitude } else { magnitude }
    }
}

impl Integer for u64 {
    fn to_f32(self) -> f32 {
        self as f32
    }

    fn to_f64(self) -> f64 {
        self as f64
    }

    fn to_f64_by_odd(self) -> f64 {
        let shift = (u64::BITS - self.leading_zeros()).saturating_sub(f64::MANTISSA_DIGITS);
        let lost = self & ((1 << shift) - 1) != 0;
        ((self >> shift) | u64::from(lost)) as f64 * power_of_two(shift as i32)
    }
}

const SCALE_BIAS: i32 = 127;
const SCALE_NAN: u8 = 0xff;

fn decode_scale(code: u8) -> f64 {
    if code == SCALE_NAN { f64::NAN } else { power_of_two(i32::from(code) - SCALE_BIAS) }
}

/// The code of a power of two near a value; the sign is dropped, because the format has none.
fn encode_scale(value: f64, conversion: Conversion) -> u8 {
    let value = value.abs();
    if value.is_nan() {
        return SCALE_NAN;
    }
    let below = exponent(value);
    let ratio = value / power_of_two(below);
    let up = match conversion.round_mode {
        RoundMode::Up => ratio > 1.0,
        RoundMode::Down => false,
        RoundMode::Nearest => ratio >= 1.5,
    };
    match below + i32::from(up) + SCALE_BIAS {
        code @ 0..=254 if value.is_finite() => code as u8,
        _ if !conversion.saturate => SCALE_NAN,
        ..0 => 0,
        _ => SCALE_NAN - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cast<T: crate::Element>(values: &[T], to: DType) -> Tensor {
        let tensor = Tensor::new(&[values.len()], values).expect("the shape fits");
        tensor.cast(to, Conversion::default()).expect("there is memory")
    }

    /// Every value of a narrow type survives the way to every type that can hold it and back.
    #[test]
    fn widening_loses_nothing() {
        for from in DType::ALL.into_iter().filter(|dtype| dtype.size() == 1) {
            let codes: Vec<u8> = (0..1u16 << from.bits()).map(|code| code as u8).collect();
            let codes = if from == DType::Bool { vec![0, 1] } else { codes };
            let narrow = Tensor::from_bytes(from, &[codes.len()], &codes).expect("valid codes");
            let used = if from.bits() < 8 { (1 << from.bits()) - 1 } else { 0xff };
            let wide = if from.is_integer() || from == DType::Bool {
                vec![DType::F16, DType::F32, DType::F64, DType::I16, DType::I32, DType::I64]
            } else {
                vec![DType::BF16, DType::F32, DType::F64]
            };
            for to in wide {
                let there = narrow.cast(to, Conversion::default()).expect("there is memory");
                let back = there.cast(from, Conversion::default()).expect("there is memory");
                let values =
                    there.cast(DType::F64, Conversion::default()).expect("there is memory");
                let values = values.as_slice::<f64>().expect("f64").iter();
                for ((code, back), value) in codes.iter().zip(back.bytes()).zip(values) {
                    let infinite = value.is_infinite();
                    assert!(
                        *code == back & used || value.is_nan() || infinite,
                        "{from} {to} {code:#x} {back:#x}"
                    );
                }
            }
        }
    }

    #[test]
    fn integers_are_rounded_once() {
        // One above the middle between two bfloat16s: through binary64 the one would be lost.
        let value = (1i64 << 60) + (1 << 52) + 1;
        let expected = bf16::from_f32((1u64 << 60) as f32 + (1u64 << 53) as f32);
        assert_eq!(cast(&[value], DType::BF16).as_slice::<bf16>().expect("bf16"), [expected]);
        assert_eq!(cast(&[u64::MAX], DType::F32).as_slice::<f32>().expect("f32"), [2f32.powi(64)]);
    }

    #[test]
    fn floats_are_truncated_to_integers() {
        let values = [-1.9f32, 1.9, f32::NAN, f32::INFINITY, -3e9];
        let integers = cast(&values, DType::I32);
        assert_eq!(integers.as_slice::<i32>().expect("i32"), [-1, 1, 0, i32::MAX, i32::MIN]);
        assert_eq!(cast(&[8f32, -9.0], DType::I4).bytes(), [0xf8, 0x7]);
        assert_eq!(cast(&[f32::NAN, -0.0, 0.1], DType::Bool).bytes(), [1, 0, 1]);
    }

    #[test]
    fn scales_are_rounded_as_asked() {
        let values = [0.0f32, 1.0, 1.25, 1.5, f32::INFINITY, f32::NAN];
        let tensor = Tensor::new(&[6], &values).expect("the shape fits");
        let codes = |saturate, round_mode| {
            let scales = tensor.cast(DType::F8E8M0, Conversion { saturate, round_mode });
            scales.expect("there is memory").bytes().to_vec()
        };
        assert_eq!(codes(true, RoundMode::Up), [0, 127, 128, 128, 254, 255]);
        assert_eq!(codes(true, RoundMode::Down), [0, 127, 127, 127, 254, 255]);
        assert_eq!(codes(false, RoundMode::Nearest), [255, 127, 127, 128, 255, 255]);
    }
}
