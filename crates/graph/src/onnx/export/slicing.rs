//! Operators that take tensors apart and put them together.

use super::context::{Attributes, ExportContext};
use crate::onnx::ExportError;
use crate::op::slicing::{Concat, Pad, PadMode, ReverseSequence, Slice, SliceAxis, Split, Trilu};

pub fn concat(op: &Concat, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("Concat", Attributes::new().with("axis", op.axis));
    Ok(())
}

pub fn split(op: &Split, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let sizes = node.integers("sizes", &op.sizes)?;
    node.write("Split", vec![node.input(0), sizes], Attributes::new().with("axis", op.axis));
    Ok(())
}

pub fn slice(op: &Slice, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let shape = node.input_type(0).map_or_else(Vec::new, |ty| ty.shape.clone());
    let taken =
        |(_, (axis, size)): &(usize, (&SliceAxis, &usize))| **axis != SliceAxis::whole(**size);
    let taken: Vec<_> = op.axes.iter().zip(&shape).enumerate().filter(taken).collect();
    let end = |axis: &SliceAxis, size: usize| {
        let end = axis.start as i128 + axis.size as i128 * i128::from(axis.step);
        // An end before the first position would count from the other side, unless it is beyond it, too.
        let end = if end < 0 { -(size as i128) - 1 } else { end };
        i64::try_from(end).unwrap_or(i64::MAX)
    };
    let starts: Vec<usize> = taken.iter().map(|(_, (axis, _))| axis.start).collect();
    let ends: Vec<i64> = taken.iter().map(|(_, (axis, size))| end(axis, **size)).collect();
    let axes: Vec<usize> = taken.iter().map(|(axis, _)| *axis).collect();
    let steps: Vec<i64> = taken.iter().map(|(_, (axis, _))| axis.step).collect();
    let mut inputs = vec![node.input(0), node.integers("starts", &starts)?];
    inputs.push(node.integers("ends", &ends)?);
    inputs.push(node.integers("axes", &axes)?);
    inputs.push(node.integers("steps", &steps)?);
    node.write("Slice", inputs, Attributes::new());
    Ok(())
}

pub fn pad(op: &Pad, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let mode = match op.mode {
        PadMode::Constant => "constant",
        PadMode::Reflect => "reflect",
        PadMode::Edge => "edge",
        PadMode::Wrap => {
            node.require_opset(19);
            "wrap"
        }
    };
    let (before, after): (Vec<i64>, Vec<i64>) = op.pads.iter().copied().unzip();
    let pads = node.integers("pads", &[before, after].concat())?;
    let mut inputs = vec![node.input(0), pads];
    if node.input_type(1).is_some() {
        inputs.push(node.input(1));
    }
    node.write("Pad", inputs, Attributes::new().unless("mode", mode, "constant"));
    Ok(())
}

pub fn trilu(op: Trilu, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("Trilu", Attributes::new().unless("upper", op.upper, true));
    Ok(())
}

pub fn reverse_sequence(
    op: ReverseSequence,
    node: &mut ExportContext<'_>,
) -> Result<(), ExportError> {
    let attributes =
        Attributes::new().with("batch_axis", op.batch_axis).with("time_axis", op.time_axis);
    node.direct("ReverseSequence", attributes);
    Ok(())
}
