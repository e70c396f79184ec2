//! The floats narrower than 32 bits: from and to their codes.
//!
//! One description serves them all: IEEE 754's scheme with so many mantissa bits, and what the formats do
//! differently at its edges. Rounding is to the nearest, ties to the even code, straight from binary64, so that
//! nothing is rounded twice.

use crate::dtype::DType;

/// How one format lays out its bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    mantissa_bits: u32,
    bias: i32,
    sign: u16,
    /// The code of the largest finite value.
    largest: u16,
    /// What is beyond the largest finite value.
    beyond: Beyond,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beyond {
    /// Infinity, then NaN.
    Infinity,
    /// NaN alone.
    NaN,
    /// Nothing; NaN has the code of negative zero, so there is no negative zero.
    NaNForNegativeZero,
    /// Nothing at all: neither infinity nor NaN.
    Nothing,
}

impl Layout {
    /// The layout of a type; `None` for what is not a narrow float with a mantissa.
    pub(crate) const fn of(dtype: DType) -> Option<Self> {
        let (mantissa_bits, bias, sign, largest, beyond) = match dtype {
            DType::F16 => (10, 15, 0x8000, 0x7bff, Beyond::Infinity),
            DType::BF16 => (7, 127, 0x8000, 0x7f7f, Beyond::Infinity),
            DType::F8E4M3FN => (3, 7, 0x80, 0x7e, Beyond::NaN),
            DType::F8E4M3FNUZ => (3, 8, 0x80, 0x7f, Beyond::NaNForNegativeZero),
            DType::F8E5M2 => (2, 15, 0x80, 0x7b, Beyond::Infinity),
            DType::F8E5M2FNUZ => (2, 16, 0x80, 0x7f, Beyond::NaNForNegativeZero),
            DType::F4E2M1 => (1, 1, 0x8, 0x7, Beyond::Nothing),
            _ => return None,
        };
        Some(Self { mantissa_bits, bias, sign, largest, beyond })
    }

    /// The value of a code.
    pub(crate) fn decode(self, code: u16) -> f64 {
        let magnitude = code & (self.sign - 1);
        let negative = code & self.sign != 0;
        if self.beyond == Beyond::NaNForNegativeZero
            && code & (self.sign | (self.sign - 1)) == self.sign
        {
            return f64::NAN;
        }
        let value = if magnitude > self.largest {
            if self.beyond == Beyond::Infinity && magnitude == self.largest + 1 {
                f64::INFINITY
            } else {
                f64::NAN
            }
        } else {
            let exponent = i32::from(magnitude >> self.mantissa_bits);
            let fraction = magnitude & ((1 << self.mantissa_bits) - 1);
            let significand =
                if exponent == 0 { fraction } else { fraction | (1 << self.mantissa_bits) };
            f64::from(significand)
                * power_of_two(exponent.max(1) - self.bias - self.mantissa_bits as i32)
        };
        if negative { -value } else { value }
    }

    /// The code of the nearest value. Beyond the largest: with `saturate` the largest; otherwise infinity or, for
    /// a format that has none, NaN. A format without NaN takes it as negative zero.
    pub(crate) fn encode(self, value: f64, saturate: bool) -> u16 {
        let sign = if value.is_sign_negative() { self.sign } else { 0 };
        if value.is_nan() {
            return match self.beyond {
                Beyond::Infinity => sign | self.quiet_nan(),
                Beyond::NaN => sign | (self.largest + 1),
                Beyond::NaNForNegativeZero | Beyond::Nothing => self.sign,
            };
        }
        let magnitude = self.magnitude(value.abs());
        if magnitude > self.largest {
            return match self.beyond {
                _ if saturate => sign | self.largest,
                Beyond::Infinity | Beyond::NaN => sign | (self.largest + 1),
                Beyond::NaNForNegativeZero => self.sign,
                Beyond::Nothing => sign | self.largest,
            };
        }
        if magnitude == 0 && self.beyond == Beyond::NaNForNegativeZero {
            return 0;
        }
        sign | magnitude
    }

    /// The NaN whose highest mantissa bit is set.
    fn quiet_nan(self) -> u16 {
        (self.largest + 1) | (1 << (self.mantissa_bits - 1))
    }

    /// The code of the nearest value if there were no end to exponents; anything above `largest` means overflow.
    fn magnitude(self, value: f64) -> u16 {
        let least = 1 - self.bias;
        // Beyond this the code is above `largest` whatever the mantissa, and powers of two stay representable.
        let exponent = exponent(value).min(self.bias + 2).max(least);
        let steps = value * power_of_two(self.mantissa_bits as i32 - exponent);
        let steps = steps.round_ties_even().min(f64::from(u16::MAX)) as u32;
        let code = (((exponent - least) as u32) << self.mantissa_bits) + steps;
        code.min(u32::from(u16::MAX)) as u16
    }
}

/// ⌊log₂ value⌋ of a value that is not negative; for subnormals and zero, that of the least normal number.
pub(crate) fn exponent(value: f64) -> i32 {
    ((value.to_bits() >> 52) as i32 - 1023).max(-1022)
}

/// 2 to this power, between the least and the largest normal number.
pub(crate) fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent.clamp(-1022, 1023)) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::{bf16, f16};

    /// Every code comes back from its value, whatever the rule for overflow.
    #[test]
    fn codes_come_back() {
        for dtype in DType::ALL {
            let Some(layout) = Layout::of(dtype) else { continue };
            for code in 0..=(layout.sign | (layout.sign - 1)) {
                let value = layout.decode(code);
                if !value.is_nan() {
                    assert_eq!(layout.encode(value, false), code, "{dtype} {code:#x} {value}");
                }
            }
        }
    }

    #[test]
    fn half_precision_agrees_with_the_crate_half() {
        let f16_layout = Layout::of(DType::F16).expect("a float");
        let bf16_layout = Layout::of(DType::BF16).expect("a float");
        for step in 0..2_000_000u32 {
            let value = f32::from_bits(step.wrapping_mul(2_654_435_761));
            if value.is_nan() {
                continue;
            }
            let wide = f64::from(value);
            assert_eq!(f16_layout.encode(wide, false), f16::from_f32(value).to_bits(), "{value}");
            assert_eq!(bf16_layout.encode(wide, false), bf16::from_f32(value).to_bits(), "{value}");
        }
    }

    /// Between two neighbours the nearer one is taken, and at the middle the even one.
    #[test]
    fn rounding_is_to_the_nearest_even() {
        for dtype in
            [DType::F8E4M3FN, DType::F8E4M3FNUZ, DType::F8E5M2, DType::F8E5M2FNUZ, DType::F4E2M1]
        {
            let layout = Layout::of(dtype).expect("a float");
            for code in 0..layout.largest {
                let (low, high) = (layout.decode(code), layout.decode(code + 1));
                let middle = (low + high) / 2.0;
                let even = if code % 2 == 0 { code } else { code + 1 };
                assert_eq!(layout.encode(middle, true), even, "{dtype} {middle}");
                assert_eq!(layout.encode(middle.next_down(), true), code, "{dtype} {middle}");
                assert_eq!(layout.encode(middle.next_up(), true), code + 1, "{dtype} {middle}");
            }
        }
    }
}
