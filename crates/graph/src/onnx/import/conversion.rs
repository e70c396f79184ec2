//! Importers of operators that give the elements another type.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use crate::convert::{Conversion, RoundMode};
use crate::onnx::ImportError;
use crate::op::conversion::{BitCast, Cast};

pub const OPERATORS: &[Entry] = &[
    Entry::new("BitCast", bit_cast).since(26),
    Entry::new("Cast", cast).note("No strings."),
    Entry::new("CastLike", cast_like).since(15).note("Becomes `Cast`. No strings."),
];

fn cast(node: &mut NodeContext<'_, '_>) -> Imported {
    let to = node.dtype("to")?.ok_or_else(|| node.error("it has no attribute `to`"))?;
    let conversion = conversion(node)?;
    node.direct(Cast { to, conversion })
}

fn cast_like(node: &mut NodeContext<'_, '_>) -> Imported {
    let to = node.input_type(1)?.dtype;
    let conversion = conversion(node)?;
    let input = node.input(0)?;
    Ok(vec![node.apply(Cast { to, conversion }, &[input])?])
}

fn conversion(node: &NodeContext<'_, '_>) -> Result<Conversion, ImportError> {
    let saturate = node.flag("saturate", true)?;
    let round_mode = match node.string("round_mode")?.unwrap_or("up") {
        "up" => RoundMode::Up,
        "down" => RoundMode::Down,
        "nearest" => RoundMode::Nearest,
        other => return Err(node.error(format!("its attribute `round_mode` is `{other}`"))),
    };
    Ok(Conversion { saturate, round_mode })
}

fn bit_cast(node: &mut NodeContext<'_, '_>) -> Imported {
    let to = node.dtype("to")?.ok_or_else(|| node.error("it has no attribute `to`"))?;
    node.direct(BitCast { to })
}
