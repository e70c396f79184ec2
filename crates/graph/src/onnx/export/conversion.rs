//! Operators that give the elements another type.

use super::context::{Attributes, ExportContext};
use crate::convert::RoundMode;
use crate::onnx::ExportError;
use crate::op::conversion::{BitCast, Cast};

/// What becomes of values beyond the range of 8-bit floats came with those types, in versions 19 and 24.
pub fn cast(op: &Cast, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let mut attributes = Attributes::new().with("to", op.to);
    if !op.conversion.saturate {
        node.require_opset(19);
        attributes = attributes.with("saturate", false);
    }
    let round_mode = match op.conversion.round_mode {
        RoundMode::Up => "up",
        RoundMode::Down => "down",
        RoundMode::Nearest => "nearest",
    };
    if op.conversion.round_mode != RoundMode::Up {
        node.require_opset(24);
    }
    node.direct("Cast", attributes.unless("round_mode", round_mode, "up"));
    Ok(())
}

pub fn bit_cast(op: &BitCast, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("BitCast", Attributes::new().with("to", op.to));
    Ok(())
}
