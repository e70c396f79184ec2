//! Operators that compute each output element from the input elements at the same place.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use crate::dtype::DType;
use crate::shape::{TensorType, broadcast_all};

/// One tensor in, one of the same shape out.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Unary {
    /// The input itself.
    Identity,
    /// Absolute value.
    Abs,
    /// Negation.
    Neg,
    /// −1, 0 or 1; NaN stays NaN.
    Sign,
    /// Largest integer not above.
    Floor,
    /// Smallest integer not below.
    Ceil,
    /// Nearest integer, halves to even.
    Round,
    /// Square root.
    Sqrt,
    /// 1/x.
    Reciprocal,
    /// eˣ.
    Exp,
    /// Natural logarithm.
    Log,
    /// Gauss error function.
    Erf,
    /// Sine.
    Sin,
    /// Cosine.
    Cos,
    /// Tangent.
    Tan,
    /// Inverse sine.
    Asin,
    /// Inverse cosine.
    Acos,
    /// Inverse tangent.
    Atan,
    /// Hyperbolic sine.
    Sinh,
    /// Hyperbolic cosine.
    Cosh,
    /// Hyperbolic tangent.
    Tanh,
    /// Inverse hyperbolic sine.
    Asinh,
    /// Inverse hyperbolic cosine.
    Acosh,
    /// Inverse hyperbolic tangent.
    Atanh,
    /// max(0, x).
    Relu,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// ln(1 + eˣ).
    Softplus,
    /// x / (1 + |x|).
    Softsign,
    /// x · max(0, min(1, x/6 + 1/2)).
    HardSwish,
    /// x · tanh(softplus(x)).
    Mish,
    /// x · Φ(x), with Φ by `erf` or by its `tanh` approximation (Hendrycks and Gimpel, 2016).
    Gelu {
        /// Whether the `tanh` approximation is meant.
        tanh: bool,
    },
    /// x · sigmoid(αx); SiLU for α = 1.
    Swish {
        /// α.
        alpha: f32,
    },
    /// x for x ≥ 0, αx below.
    LeakyRelu {
        /// α.
        alpha: f32,
    },
    /// x for x ≥ 0, α(eˣ − 1) below.
    Elu {
        /// α.
        alpha: f32,
    },
    /// γx for x > 0, γα(eˣ − 1) otherwise (Klambauer et al., 2017).
    Selu {
        /// α.
        alpha: f32,
        /// γ.
        gamma: f32,
    },
    /// max(0, x) + min(0, α(e^(x/α) − 1)).
    Celu {
        /// α.
        alpha: f32,
    },
    /// max(0, min(1, αx + β)).
    HardSigmoid {
        /// α.
        alpha: f32,
        /// β.
        beta: f32,
    },
    /// x for x > α, 0 otherwise.
    ThresholdedRelu {
        /// α.
        alpha: f32,
    },
    /// x + bias below −λ, x − bias above λ, 0 between.
    Shrink {
        /// The bias.
        bias: f32,
        /// λ.
        lambda: f32,
    },
    /// Logical negation of booleans.
    Not,
    /// Complement of an integer's bits.
    BitwiseNot,
    /// Whether x is NaN; booleans out.
    IsNaN,
    /// Whether x is infinite; booleans out.
    IsInf {
        /// Whether −∞ counts.
        negative: bool,
        /// Whether +∞ counts.
        positive: bool,
    },
}

impl Operator for Unary {
    fn name(&self) -> &'static str {
        match self {
            Unary::Identity => "Identity",
            Unary::Abs => "Abs",
            Unary::Neg => "Neg",
            Unary::Sign => "Sign",
            Unary::Floor => "Floor",
            Unary::Ceil => "Ceil",
            Unary::Round => "Round",
            Unary::Sqrt => "Sqrt",
            Unary::Reciprocal => "Reciprocal",
            Unary::Exp => "Exp",
            Unary::Log => "Log",
            Unary::Erf => "Erf",
            Unary::Sin => "Sin",
            Unary::Cos => "Cos",
            Unary::Tan => "Tan",
            Unary::Asin => "Asin",
            Unary::Acos => "Acos",
            Unary::Atan => "Atan",
            Unary::Sinh => "Sinh",
            Unary::Cosh => "Cosh",
            Unary::Tanh => "Tanh",
            Unary::Asinh => "Asinh",
            Unary::Acosh => "Acosh",
            Unary::Atanh => "Atanh",
            Unary::Relu => "Relu",
            Unary::Sigmoid => "Sigmoid",
            Unary::Softplus => "Softplus",
            Unary::Softsign => "Softsign",
            Unary::HardSwish => "HardSwish",
            Unary::Mish => "Mish",
            Unary::Gelu { .. } => "Gelu",
            Unary::Swish { .. } => "Swish",
            Unary::LeakyRelu { .. } => "LeakyRelu",
            Unary::Elu { .. } => "Elu",
            Unary::Selu { .. } => "Selu",
            Unary::Celu { .. } => "Celu",
            Unary::HardSigmoid { .. } => "HardSigmoid",
            Unary::ThresholdedRelu { .. } => "ThresholdedRelu",
            Unary::Shrink { .. } => "Shrink",
            Unary::Not => "Not",
            Unary::BitwiseNot => "BitwiseNot",
            Unary::IsNaN => "IsNaN",
            Unary::IsInf { .. } => "IsInf",
        }
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "X")?;
        let dtype = input.dtype;
        let numbers = dtype.is_number();
        match self {
            Unary::Identity => {}
            Unary::Not => expect_dtype(input, dtype == DType::Bool, "booleans")?,
            Unary::BitwiseNot => {
                expect_dtype(input, numbers && dtype.is_integer(), "integers")?;
            }
            Unary::Abs | Unary::Neg | Unary::Sign | Unary::Relu | Unary::Shrink { .. } => {
                expect_dtype(input, numbers, "numbers")?;
            }
            Unary::IsNaN | Unary::IsInf { .. } => {
                expect_dtype(input, dtype.is_float() || dtype.is_small_float(), "floats")?;
            }
            _ => expect_dtype(input, dtype.is_float(), "floats")?,
        }
        let out = match self {
            Unary::IsNaN | Unary::IsInf { .. } => DType::Bool,
            _ => dtype,
        };
        Ok(vec![TensorType::new(out, input.shape.clone())])
    }
}

/// Two tensors of one element type in, broadcast together; the same element type out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Binary {
    /// a + b. Integers wrap.
    Add,
    /// a − b. Integers wrap.
    Sub,
    /// a · b. Integers wrap.
    Mul,
    /// a / b. Integers truncate towards zero; division by zero gives zero.
    Div,
    /// aᵇ; b may have another element type.
    Pow,
    /// Remainder with the sign of the divisor, a − ⌊a/b⌋·b. For integers, division by zero gives zero.
    Mod,
    /// Remainder with the sign of the dividend, as C's `fmod`. For integers, division by zero gives zero.
    Fmod,
    /// a where a ≥ 0, a · b below (b is the slope).
    PRelu,
    /// Logical and.
    And,
    /// Logical or.
    Or,
    /// Logical exclusive or.
    Xor,
    /// Bitwise and.
    BitwiseAnd,
    /// Bitwise or.
    BitwiseOr,
    /// Bitwise exclusive or.
    BitwiseXor,
    /// The bits of a, b places to the left. By as many places as the type has bits, or by a negative number,
    /// all of them are shifted out.
    ShiftLeft,
    /// The bits of a, b places to the right; the sign moves in. Shifts out of range are as for `ShiftLeft`.
    ShiftRight,
}

impl Operator for Binary {
    fn name(&self) -> &'static str {
        match self {
            Binary::Add => "Add",
            Binary::Sub => "Sub",
            Binary::Mul => "Mul",
            Binary::Div => "Div",
            Binary::Pow => "Pow",
            Binary::Mod | Binary::Fmod => "Mod",
            Binary::PRelu => "PRelu",
            Binary::And => "And",
            Binary::Or => "Or",
            Binary::Xor => "Xor",
            Binary::BitwiseAnd => "BitwiseAnd",
            Binary::BitwiseOr => "BitwiseOr",
            Binary::BitwiseXor => "BitwiseXor",
            Binary::ShiftLeft | Binary::ShiftRight => "BitShift",
        }
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let a = inputs.required(0, "A")?;
        let b = inputs.required(1, "B")?;
        if *self != Binary::Pow {
            inputs.same_dtype()?;
        }
        for ty in [a, b] {
            let numbers = ty.dtype.is_number();
            match self {
                Binary::And | Binary::Or | Binary::Xor => {
                    expect_dtype(ty, ty.dtype == DType::Bool, "booleans")?;
                }
                Binary::BitwiseAnd
                | Binary::BitwiseOr
                | Binary::BitwiseXor
                | Binary::ShiftLeft
                | Binary::ShiftRight => {
                    expect_dtype(ty, numbers && ty.dtype.is_integer(), "integers")?;
                }
                _ => expect_dtype(ty, numbers, "numbers")?,
            }
        }
        let shape = broadcast_all([&a.shape[..], &b.shape[..]])?;
        if *self == Binary::PRelu && shape != a.shape {
            return Err(InferError(format!(
                "the slope {b} must broadcast to the input {a} without changing its shape"
            )));
        }
        Ok(vec![TensorType::new(a.dtype, shape)])
    }
}

/// Two tensors of one element type in, broadcast together; booleans out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compare {
    /// a = b.
    Equal,
    /// a > b.
    Greater,
    /// a ≥ b.
    GreaterOrEqual,
    /// a < b.
    Less,
    /// a ≤ b.
    LessOrEqual,
}

impl Operator for Compare {
    fn name(&self) -> &'static str {
        match self {
            Compare::Equal => "Equal",
            Compare::Greater => "Greater",
            Compare::GreaterOrEqual => "GreaterOrEqual",
            Compare::Less => "Less",
            Compare::LessOrEqual => "LessOrEqual",
        }
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let a = inputs.required(0, "A")?;
        let b = inputs.required(1, "B")?;
        inputs.same_dtype()?;
        let boolean = a.dtype == DType::Bool && *self == Compare::Equal;
        expect_dtype(a, boolean || a.dtype.is_number(), "numbers")?;
        Ok(vec![TensorType::new(DType::Bool, broadcast_all([&a.shape[..], &b.shape[..]])?)])
    }
}

/// One or more tensors of one element type in, broadcast together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variadic {
    /// The sum of all.
    Sum,
    /// The mean of all.
    Mean,
    /// The smallest; NaN wins.
    Min,
    /// The largest; NaN wins.
    Max,
}

impl Operator for Variadic {
    fn name(&self) -> &'static str {
        match self {
            Variadic::Sum => "Sum",
            Variadic::Mean => "Mean",
            Variadic::Min => "Min",
            Variadic::Max => "Max",
        }
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        let first = inputs.required(0, "data_0")?;
        inputs.same_dtype()?;
        let numbers = match self {
            Variadic::Sum | Variadic::Mean => first.dtype.is_float(),
            Variadic::Min | Variadic::Max => first.dtype.is_number(),
        };
        expect_dtype(first, numbers, "numbers")?;
        let shapes = inputs.0.iter().flatten().map(|ty| &ty.shape[..]);
        Ok(vec![TensorType::new(first.dtype, broadcast_all(shapes)?)])
    }
}

/// Inputs: condition (booleans), x, y, broadcast together. Output: x where the condition holds, y elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Where;

impl Operator for Where {
    fn name(&self) -> &'static str {
        "Where"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let condition = inputs.required(0, "condition")?;
        let x = inputs.required(1, "X")?;
        let y = inputs.required(2, "Y")?;
        expect_dtype(condition, condition.dtype == DType::Bool, "a boolean condition")?;
        Inputs(&inputs.0[1..]).same_dtype()?;
        let shape = broadcast_all([&condition.shape[..], &x.shape[..], &y.shape[..]])?;
        Ok(vec![TensorType::new(x.dtype, shape)])
    }
}

/// Inputs: x and optionally the scalars min and max. Output: min(max(x, min), max).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Clip;

impl Operator for Clip {
    fn name(&self) -> &'static str {
        "Clip"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let input = inputs.required(0, "input")?;
        inputs.same_dtype()?;
        expect_dtype(input, input.dtype.is_number(), "numbers")?;
        for (index, name) in [(1, "min"), (2, "max")] {
            if let Some(limit) = inputs.get(index)
                && limit.element_count()? != 1
            {
                return Err(InferError(format!("{name} must be a scalar, not {limit}")));
            }
        }
        Ok(vec![input.clone()])
    }
}
