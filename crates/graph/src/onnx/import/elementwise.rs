//! Importers of operators that compute element by element.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use crate::convert::Conversion;
use crate::dtype::DType;
use crate::op::conversion::Cast;
use crate::op::elementwise::{Binary, Clip, Compare, Unary, Variadic, Where};
use crate::op::movement::Expand;
use crate::tensor::Tensor;

macro_rules! direct {
    ($name:literal, $op:expr) => {
        Entry::new($name, |node| node.direct($op))
    };
}

pub const OPERATORS: &[Entry] = &[
    direct!("Abs", Unary::Abs),
    direct!("Acos", Unary::Acos),
    direct!("Acosh", Unary::Acosh).since(9),
    direct!("Add", Binary::Add),
    direct!("And", Binary::And),
    direct!("Asin", Unary::Asin),
    direct!("Asinh", Unary::Asinh).since(9),
    direct!("Atan", Unary::Atan),
    direct!("Atanh", Unary::Atanh).since(9),
    Entry::new("BitShift", bit_shift).since(11),
    direct!("BitwiseAnd", Binary::BitwiseAnd).since(18),
    direct!("BitwiseNot", Unary::BitwiseNot).since(18),
    direct!("BitwiseOr", Binary::BitwiseOr).since(18),
    direct!("BitwiseXor", Binary::BitwiseXor).since(18),
    direct!("Ceil", Unary::Ceil),
    Entry::new("Celu", |node| {
        let alpha = node.float("alpha")?.unwrap_or(1.0);
        node.direct(Unary::Celu { alpha })
    })
    .since(12),
    Entry::new("Clip", clip),
    direct!("Cos", Unary::Cos),
    direct!("Cosh", Unary::Cosh).since(9),
    direct!("Div", Binary::Div),
    Entry::new("Dropout", dropout)
        .note("In inference it changes nothing; training is not supported."),
    Entry::new("Elu", |node| {
        let alpha = node.float("alpha")?.unwrap_or(1.0);
        node.direct(Unary::Elu { alpha })
    }),
    direct!("Equal", Compare::Equal),
    direct!("Erf", Unary::Erf).since(9),
    direct!("Exp", Unary::Exp),
    direct!("Floor", Unary::Floor),
    Entry::new("Gelu", gelu).since(20),
    direct!("Greater", Compare::Greater),
    direct!("GreaterOrEqual", Compare::GreaterOrEqual).since(12),
    Entry::new("HardSigmoid", |node| {
        let alpha = node.float("alpha")?.unwrap_or(0.2);
        let beta = node.float("beta")?.unwrap_or(0.5);
        node.direct(Unary::HardSigmoid { alpha, beta })
    }),
    direct!("HardSwish", Unary::HardSwish).since(14),
    Entry::new("IsInf", |node| {
        let negative = node.flag("detect_negative", true)?;
        let positive = node.flag("detect_positive", true)?;
        node.direct(Unary::IsInf { negative, positive })
    })
    .since(10),
    direct!("IsNaN", Unary::IsNaN).since(9),
    Entry::new("LeakyRelu", |node| {
        let alpha = node.float("alpha")?.unwrap_or(0.01);
        node.direct(Unary::LeakyRelu { alpha })
    }),
    direct!("Less", Compare::Less),
    direct!("LessOrEqual", Compare::LessOrEqual).since(12),
    direct!("Log", Unary::Log),
    direct!("Max", Variadic::Max),
    direct!("Mean", Variadic::Mean),
    direct!("Min", Variadic::Min),
    direct!("Mish", Unary::Mish).since(18),
    Entry::new("Mod", |node| {
        let fmod = node.flag("fmod", false)?;
        node.direct(if fmod { Binary::Fmod } else { Binary::Mod })
    })
    .since(10),
    direct!("Mul", Binary::Mul),
    direct!("Neg", Unary::Neg),
    direct!("Not", Unary::Not),
    direct!("Or", Binary::Or),
    direct!("PRelu", Binary::PRelu),
    direct!("Pow", Binary::Pow),
    direct!("Reciprocal", Unary::Reciprocal),
    direct!("Relu", Unary::Relu),
    direct!("Round", Unary::Round).since(11),
    Entry::new("Selu", |node| {
        let alpha = node.float("alpha")?.unwrap_or(1.673_263_2);
        let gamma = node.float("gamma")?.unwrap_or(1.050_701);
        node.direct(Unary::Selu { alpha, gamma })
    }),
    Entry::new("Shrink", |node| {
        let bias = node.float("bias")?.unwrap_or(0.0);
        let lambda = node.float("lambd")?.unwrap_or(0.5);
        node.direct(Unary::Shrink { bias, lambda })
    })
    .since(9),
    direct!("Sigmoid", Unary::Sigmoid),
    direct!("Sign", Unary::Sign).since(9),
    direct!("Sin", Unary::Sin),
    direct!("Sinh", Unary::Sinh).since(9),
    direct!("Softplus", Unary::Softplus),
    direct!("Softsign", Unary::Softsign),
    direct!("Sqrt", Unary::Sqrt),
    direct!("Sub", Binary::Sub),
    direct!("Sum", Variadic::Sum),
    Entry::new("Swish", |node| {
        let alpha = node.float("alpha")?.unwrap_or(1.0);
        node.direct(Unary::Swish { alpha })
    })
    .since(24),
    direct!("Tan", Unary::Tan),
    direct!("Tanh", Unary::Tanh),
    Entry::new("ThresholdedRelu", |node| {
        let alpha = node.float("alpha")?.unwrap_or(1.0);
        node.direct(Unary::ThresholdedRelu { alpha })
    })
    .since(10),
    direct!("Where", Where).since(9),
    direct!("Xor", Binary::Xor),
];

fn bit_shift(node: &mut NodeContext<'_, '_>) -> Imported {
    match node.string("direction")? {
        Some("LEFT") => node.direct(Binary::ShiftLeft),
        Some("RIGHT") => node.direct(Binary::ShiftRight),
        _ => Err(node.error("its attribute `direction` must be LEFT or RIGHT")),
    }
}

/// The limits are attributes before version 11 and inputs from then on.
fn clip(node: &mut NodeContext<'_, '_>) -> Imported {
    if node.opset() >= 11 {
        return node.direct(Clip);
    }
    let dtype = node.input_type(0)?.dtype;
    let mut inputs = vec![Some(node.input(0)?)];
    for name in ["min", "max"] {
        let limit = node.float(name)?.map(Tensor::scalar);
        inputs.push(match limit {
            Some(limit) => {
                let limit = node.add_constant(name, limit)?;
                let cast = Cast { to: dtype, conversion: Conversion::default() };
                Some(if dtype == DType::F32 { limit } else { node.apply(cast, &[limit])? })
            }
            None => None,
        });
    }
    while inputs.last() == Some(&None) {
        inputs.pop();
    }
    node.emit(Clip, &inputs)
}

fn gelu(node: &mut NodeContext<'_, '_>) -> Imported {
    match node.string("approximate")?.unwrap_or("none") {
        "none" => node.direct(Unary::Gelu { tanh: false }),
        "tanh" => node.direct(Unary::Gelu { tanh: true }),
        other => Err(node.error(format!("its attribute `approximate` is `{other}`"))),
    }
}

/// Without training, dropout leaves everything as it is, and its mask is all ones: booleans since version 10.
fn dropout(node: &mut NodeContext<'_, '_>) -> Imported {
    let trains = match node.has_input(2) {
        true => node.required_constant(2, "training_mode")?.bytes().iter().any(|byte| *byte != 0),
        false => false,
    };
    // Dropping nothing is no training either.
    let drops = trains
        && match node.has_input(1) {
            true => node.required_constant(1, "ratio")?.bytes().iter().any(|byte| *byte != 0),
            false => true,
        };
    if drops {
        return Err(node.error("it is in training mode, which is not supported"));
    }
    let ty = node.input_type(0)?.clone();
    let data = node.input(0)?;
    let mut outputs = vec![node.apply(Unary::Identity, &[data])?];
    if node.has_output(1) {
        let dtype = if node.opset() >= 10 { DType::Bool } else { ty.dtype };
        let one = Tensor::scalar(1f32).cast(dtype, Conversion::default());
        let one = one.map_err(|error| node.error(error.to_string()))?;
        let one = node.add_constant("kept", one)?;
        outputs.push(node.apply(Expand { shape: ty.shape }, &[one])?);
    }
    Ok(outputs)
}
