//! Computing in `f64`, whatever the element type: what interpolation and transforms do for the sake of accuracy.

use tachy_graph::{DType, TensorView, TensorViewMut};

use half::{bf16, f16};

use crate::kernel::Unsupported;

/// Refuses element types that [`widen`] and [`narrow`] do not take.
pub(super) fn check(dtype: DType) -> Result<(), Unsupported> {
    if dtype.is_float() || dtype.is_integer() && dtype.bits() >= 8 {
        return Ok(());
    }
    Err(Unsupported(format!("there is no arithmetic on {dtype}")))
}

/// The elements as `f64`: exact, but for integers beyond 2⁵³.
///
/// # Panics
/// If [`check`] refuses the element type, or `output` has another length.
pub(super) fn widen(input: TensorView<'_>, output: &mut [f64]) {
    macro_rules! widen {
        ($rust:ty, $convert:expr) => {{
            let input = input.as_slice::<$rust>().expect("the element type was just looked at");
            assert_eq!(input.len(), output.len());
            for (output, input) in output.iter_mut().zip(input) {
                *output = $convert(*input);
            }
        }};
    }
    match input.dtype {
        DType::F32 => widen!(f32, f64::from),
        DType::F64 => widen!(f64, |x| x),
        DType::F16 => widen!(f16, f16::to_f64),
        DType::BF16 => widen!(bf16, bf16::to_f64),
        DType::I8 => widen!(i8, f64::from),
        DType::U8 => widen!(u8, f64::from),
        DType::I16 => widen!(i16, f64::from),
        DType::U16 => widen!(u16, f64::from),
        DType::I32 => widen!(i32, f64::from),
        DType::U32 => widen!(u32, f64::from),
        DType::I64 => widen!(i64, |x| x as f64),
        DType::U64 => widen!(u64, |x| x as f64),
        other => unreachable!("{other} was refused when the kernel was made"),
    }
}

/// The values rounded to the output's element type: to the nearest for floats; for integers truncated towards
/// zero and limited to their range.
///
/// # Panics
/// As [`widen`].
pub(super) fn narrow(input: &[f64], output: &mut TensorViewMut<'_>) {
    macro_rules! narrow {
        ($rust:ty, $convert:expr) => {{
            let output =
                output.as_mut_slice::<$rust>().expect("the element type was just looked at");
            assert_eq!(input.len(), output.len());
            for (output, input) in output.iter_mut().zip(input) {
                *output = $convert(*input);
            }
        }};
    }
    match output.dtype {
        DType::F32 => narrow!(f32, |x| x as f32),
        DType::F64 => narrow!(f64, |x| x),
        DType::F16 => narrow!(f16, f16::from_f64),
        DType::BF16 => narrow!(bf16, bf16::from_f64),
        DType::I8 => narrow!(i8, |x| x as i8),
        DType::U8 => narrow!(u8, |x| x as u8),
        DType::I16 => narrow!(i16, |x| x as i16),
        DType::U16 => narrow!(u16, |x| x as u16),
        DType::I32 => narrow!(i32, |x| x as i32),
        DType::U32 => narrow!(u32, |x| x as u32),
        DType::I64 => narrow!(i64, |x| x as i64),
        DType::U64 => narrow!(u64, |x| x as u64),
        other => unreachable!("{other} was refused when the kernel was made"),
    }
}
