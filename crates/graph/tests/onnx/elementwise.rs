//! Export and import are inverse to each other, for operators that compute element by element and matrix products.

use tachy_graph::DType;
use tachy_graph::convert::{Conversion, RoundMode};
use tachy_graph::op::conversion::*;
use tachy_graph::op::elementwise::*;
use tachy_graph::op::linear::*;

use super::round_trip::{check, check_optional};

const F: DType = DType::F32;

#[test]
fn one_tensor() {
    use Unary::*;
    let x: &[(DType, &[usize])] = &[(F, &[2, 3])];
    let floats = [
        Identity,
        Abs,
        Neg,
        Sign,
        Floor,
        Ceil,
        Round,
        Sqrt,
        Reciprocal,
        Exp,
        Log,
        Erf,
        Sin,
        Cos,
        Tan,
        Asin,
        Acos,
        Atan,
        Sinh,
        Cosh,
        Tanh,
        Asinh,
        Acosh,
        Atanh,
        Relu,
        Sigmoid,
        Softplus,
        Softsign,
        HardSwish,
        Mish,
        IsNaN,
        Gelu { tanh: false },
        Gelu { tanh: true },
        Swish { alpha: 1.0 },
        Swish { alpha: 0.5 },
        LeakyRelu { alpha: 0.25 },
        Elu { alpha: 0.5 },
        Selu { alpha: 1.5, gamma: 0.5 },
        Celu { alpha: 2.0 },
        HardSigmoid { alpha: 0.25, beta: 0.75 },
        ThresholdedRelu { alpha: 0.5 },
        Shrink { bias: 0.5, lambda: 0.25 },
        IsInf { negative: true, positive: false },
        IsInf { negative: false, positive: true },
    ];
    for op in floats {
        check(op, x);
    }
    check(Not, &[(DType::Bool, &[2])]);
    check(BitwiseNot, &[(DType::U8, &[2])]);
    check(Sin, &[(DType::BF16, &[2])]);
    check(Celu { alpha: 2.0 }, &[(DType::F16, &[2])]);
    check(IsNaN, &[(DType::F8E5M2, &[2])]);
}

#[test]
fn several_tensors() {
    use Binary::*;
    for op in [Add, Sub, Mul, Div, Pow, Fmod] {
        check(op, &[(F, &[2, 1]), (F, &[3])]);
    }
    check(PRelu, &[(F, &[2, 3]), (F, &[3])]);
    check(Mod, &[(DType::I32, &[2]), (DType::I32, &[])]);
    for op in [And, Or, Xor] {
        check(op, &[(DType::Bool, &[2]), (DType::Bool, &[])]);
    }
    for op in [BitwiseAnd, BitwiseOr, BitwiseXor] {
        check(op, &[(DType::I64, &[2]), (DType::I64, &[])]);
    }
    for op in [ShiftLeft, ShiftRight] {
        check(op, &[(DType::U16, &[2]), (DType::U16, &[])]);
    }
    use Compare::*;
    for op in [Equal, Greater, GreaterOrEqual, Less, LessOrEqual] {
        check(op, &[(F, &[2, 1]), (F, &[3])]);
    }
    for op in [Variadic::Sum, Variadic::Mean, Variadic::Min, Variadic::Max] {
        check(op, &[(F, &[2, 1])]);
        check(op, &[(F, &[2, 1]), (F, &[3]), (F, &[])]);
    }
    check(Where, &[(DType::Bool, &[2, 1]), (DType::I8, &[3]), (DType::I8, &[])]);
    check_optional(Clip, &[Some((F, &[3]))]);
    check_optional(Clip, &[Some((F, &[3])), Some((F, &[]))]);
    check_optional(Clip, &[Some((F, &[3])), None, Some((F, &[]))]);
}

#[test]
fn other_types() {
    for to in DType::ALL {
        check(Cast { to, conversion: Conversion::default() }, &[(F, &[2, 3])]);
        check(Cast { to: F, conversion: Conversion::default() }, &[(to, &[2, 3])]);
    }
    let conversion = Conversion { saturate: false, round_mode: RoundMode::Up };
    check(Cast { to: DType::F8E5M2, conversion }, &[(F, &[2])]);
    for round_mode in [RoundMode::Down, RoundMode::Nearest] {
        let conversion = Conversion { saturate: true, round_mode };
        check(Cast { to: DType::F8E8M0, conversion }, &[(F, &[2])]);
    }
    check(BitCast { to: DType::I32 }, &[(F, &[2])]);
}

#[test]
fn matrix_products() {
    check(MatMul, &[(F, &[4, 2, 3]), (F, &[3, 5])]);
    check(MatMul, &[(F, &[3]), (F, &[3, 5])]);
    let op = Gemm { alpha: 0.5, beta: 2.0, transpose_a: true, transpose_b: false };
    check(op, &[(F, &[3, 2]), (F, &[3, 5])]);
    check(op, &[(F, &[3, 2]), (F, &[3, 5]), (F, &[5])]);
    let op = Gemm { alpha: 1.0, beta: 1.0, transpose_a: false, transpose_b: true };
    check(op, &[(F, &[2, 3]), (F, &[5, 3])]);
}
