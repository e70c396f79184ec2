//! Importers of operators on signals.

use super::context::{Imported, NodeContext};
use super::generation::generated;
use super::table::Entry;
use crate::op::signal::{Dft, DftKind, Stft};

/// What the notes say of operators that become constants.
const FOLDED: &str = "Becomes a constant; the inputs must be known at load.";

pub const OPERATORS: &[Entry] = &[
    Entry::new("BlackmanWindow", generated).since(17).note(FOLDED),
    Entry::new("DFT", dft).since(17).note("The length and the axis must be known at load."),
    Entry::new("HammingWindow", generated).since(17).note(FOLDED),
    Entry::new("HannWindow", generated).since(17).note(FOLDED),
    Entry::new("MelWeightMatrix", generated).since(17).note(FOLDED),
    Entry::new("STFT", stft).since(17).note("The frame's step and length must be known at load."),
];

/// The axis is an attribute before version 20, by default the second, and an input from then on, by default the
/// last but one.
fn dft(node: &mut NodeContext<'_, '_>) -> Imported {
    let ty = node.input_type(0)?.clone();
    let axis = match node.opset() {
        ..20 => node.int("axis")?.unwrap_or(1),
        _ if node.has_input(2) => node.required_i64(2, "axis")?,
        _ => -2,
    };
    let axis = node.normalize_axis(axis, ty.rank())?;
    let kind = match (node.flag("inverse", false)?, node.flag("onesided", false)?) {
        (false, false) => DftKind::Forward,
        (false, true) => DftKind::ForwardOneSided,
        (true, false) => DftKind::Inverse,
        (true, true) => DftKind::InverseOneSided,
    };
    let length = if node.has_input(1) {
        let length = node.required_i64(1, "dft_length")?;
        usize::try_from(length).map_err(|_| node.error(format!("its length is {length}")))?
    } else {
        match kind {
            DftKind::InverseOneSided => ty.shape[axis].saturating_sub(1).saturating_mul(2),
            _ => ty.shape[axis],
        }
    };
    let input = node.input(0)?;
    Ok(vec![node.apply(Dft { axis, length, kind }, &[input])?])
}

/// Without a length, a frame is as long as the window or, without that, as the signal.
fn stft(node: &mut NodeContext<'_, '_>) -> Imported {
    let samples = node.input_type(0)?.shape.get(1).copied().unwrap_or(0);
    let frame_step = node.required_i64(1, "frame_step")?;
    let window = node.optional_input_type(2).map(|ty| ty.shape.first().copied().unwrap_or(0));
    let frame_length = match window {
        _ if node.has_input(3) => node.required_i64(3, "frame_length")?,
        Some(length) => length as i64,
        None => samples as i64,
    };
    let onesided = node.flag("onesided", true)?;
    // The type rule refuses 0.
    let size = |number: i64| usize::try_from(number).unwrap_or(0);
    let op = Stft { frame_step: size(frame_step), frame_length: size(frame_length), onesided };
    let inputs = [Some(node.input(0)?), node.optional_input(2)];
    node.emit(op, &inputs[..1 + usize::from(window.is_some())])
}
