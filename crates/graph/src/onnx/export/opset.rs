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

/// The first version of ONNX's operators in which this one takes all of these element types, of those that it
/// did not take in version 17.
pub fn of_operator(op_type: &str, types: impl IntoIterator<Item = DType>) -> i64 {
    let since = |dtype| match (op_type, dtype) {
        ("BitShift", dtype) if dtype.is_signed_integer() => 28,
        ("Celu", DType::F64 | DType::F16 | DType::BF16) => 28,
        ("Compress" | "Einsum" | "OneHot" | "ReverseSequence" | "Unique", DType::BF16) => 28,
        ("IsInf", DType::F16 | DType::BF16) => 20,
        ("IsInf" | "IsNaN", dtype) if dtype.is_small_float() => 20,
        ("QuantizeLinear", DType::F16 | DType::BF16) => 19,
        ("QuantizeLinear" | "DequantizeLinear", DType::I16 | DType::U16) => 21,
        ("ReduceMax" | "ReduceMin", DType::Bool) => 20,
        ("TopK", DType::BF16) => 24,
        (op_type, DType::BF16) if BF16_SINCE_22.contains(&op_type) => 22,
        _ => 0,
    };
    types.into_iter().map(since).max().unwrap_or(0)
}

/// Operators that take `bf16` from version 22 on.
const BF16_SINCE_22: [&str; 45] = [
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "AveragePool",
    "Bernoulli",
    "Conv",
    "ConvTranspose",
    "Cos",
    "Cosh",
    "Det",
    "Dropout",
    "Elu",
    "EyeLike",
    "GRU",
    "GlobalAveragePool",
    "GlobalLpPool",
    "GlobalMaxPool",
    "GridSample",
    "HardSigmoid",
    "HardSwish",
    "InstanceNormalization",
    "LSTM",
    "LpNormalization",
    "LpPool",
    "MaxPool",
    "MaxRoiPool",
    "MaxUnpool",
    "NegativeLogLikelihoodLoss",
    "RNN",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "RoiAlign",
    "Round",
    "Selu",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Tan",
    "ThresholdedRelu",
];

/// How many of an operator's outputs, from the first on, must have a name.
pub fn required_outputs(op_type: &str) -> usize {
    match op_type {
        "GRU" | "LSTM" | "RNN" => 0,
        "Attention"
        | "BatchNormalization"
        | "Dropout"
        | "LayerNormalization"
        | "MaxPool"
        | "SoftmaxCrossEntropyLoss"
        | "Unique" => 1,
        _ => usize::MAX,
    }
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
