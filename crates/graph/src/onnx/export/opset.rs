//! Versions of the format.

use crate::dtype::DType;

/// The first version of ONNX's operators that has all of these element types.
pub fn of_types(types: impl IntoIterator<Item = DType>) -> i64 {
    let since = |dtype| match dtype {
        DType::F8E4M3FN | DType::F8E4M3FNUZ | DType::F8E5M2 | DType::F8E5M2FNUZ => 19,
        DType::I4 | DType::U4 => 21,
        DType::F4E2M1 => 23,
        DType::F8E8M0 => 24,
        DType::I2 | DType::U2 => 25,
        _ => 0,
    };
    types.into_iter().map(since).max().unwrap_or(0)
}

/// The version of the file format that came with a version of the operators.
pub fn ir_version(opset: i64) -> i64 {
    match opset {
        ..=18 => 8,
        19..=20 => 9,
        21..=22 => 10,
        23 => 11,
        24 => 12,
        25..=27 => 13,
        _ => 14,
    }
}
