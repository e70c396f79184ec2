//! ONNX's numbers for element types.

use crate::dtype::DType;

/// The element types in the order of their numbers in `TensorProto.DataType`, from 1; `None` where Tachy has
/// none (strings and complex numbers).
const TYPES: [Option<DType>; 26] = [
    Some(DType::F32),
    Some(DType::U8),
    Some(DType::I8),
    Some(DType::U16),
    Some(DType::I16),
    Some(DType::I32),
    Some(DType::I64),
    None,
    Some(DType::Bool),
    Some(DType::F16),
    Some(DType::F64),
    Some(DType::U32),
    Some(DType::U64),
    None,
    None,
    Some(DType::BF16),
    Some(DType::F8E4M3FN),
    Some(DType::F8E4M3FNUZ),
    Some(DType::F8E5M2),
    Some(DType::F8E5M2FNUZ),
    Some(DType::U4),
    Some(DType::I4),
    Some(DType::F4E2M1),
    Some(DType::F8E8M0),
    Some(DType::U2),
    Some(DType::I2),
];

/// The element type with this number.
pub fn from_number(number: i64) -> Result<DType, String> {
    let known = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    known.and_then(|index| TYPES.get(index).copied().flatten()).ok_or_else(|| {
        let name = match number {
            0 => "undefined",
            8 => "strings",
            14 => "complex numbers of 64 bits",
            15 => "complex numbers of 128 bits",
            27 | 28 => "6-bit floats",
            _ => return format!("the element type {number} does not exist"),
        };
        format!("the element type {number} ({name}) is not supported")
    })
}

/// The number of this element type.
pub fn to_number(dtype: DType) -> i32 {
    let index = TYPES.iter().position(|known| *known == Some(dtype));
    index.expect("every element type has a number in ONNX") as i32 + 1
}
