//! Importers of operators that take tensors apart and put them together.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use crate::convert::Conversion;
use crate::graph::ValueId;
use crate::onnx::ImportError;
use crate::op::indexing::Gather;
use crate::op::movement::Reshape;
use crate::op::slicing::{Concat, Pad, PadMode, ReverseSequence, Slice, SliceAxis, Split, Trilu};
use crate::shape::element_count;
use crate::tensor::Tensor;

pub const OPERATORS: &[Entry] = &[
    Entry::new("CenterCropPad", center_crop_pad)
        .since(18)
        .note("Becomes `Slice` and `Pad`; the shape must be known at load."),
    Entry::new("Compress", compress)
        .since(9)
        .note("Becomes `Gather`; the condition must be known at load, since it decides the shape."),
    Entry::new("Concat", concat),
    Entry::new("Pad", pad).note("The pads must be known at load."),
    Entry::new("ReverseSequence", reverse_sequence).since(10),
    Entry::new("Slice", slice).note("All inputs but the data must be known at load."),
    Entry::new("Split", split).note("The sizes must be known at load."),
    Entry::new("Trilu", |node| {
        let upper = node.flag("upper", true)?;
        node.direct(Trilu { upper })
    })
    .since(14),
];

fn concat(node: &mut NodeContext<'_, '_>) -> Imported {
    let rank = node.input_type(0)?.rank();
    if !node.has_attribute("axis") {
        return Err(node.error("it has no attribute `axis`"));
    }
    let axis = node.axis("axis", 0, rank)?;
    node.direct(Concat { axis })
}

/// The sizes are an attribute before version 13 and an input from then on; without them, the parts are equal,
/// but for the last if the number of parts is named (from version 18 on).
fn split(node: &mut NodeContext<'_, '_>) -> Imported {
    let ty = node.input_type(0)?.clone();
    let axis = node.axis("axis", 0, ty.rank())?;
    let size = ty.shape[axis];
    let op = if let Some(sizes) = node.attribute_or_input("split", 13, 1)? {
        let sizes: Result<Vec<usize>, _> = sizes.iter().map(|&size| size.try_into()).collect();
        let sizes = sizes.map_err(|_| node.error("one of its parts has a negative size"))?;
        Split { axis, sizes }
    } else {
        let parts = node.int("num_outputs")?.unwrap_or(node.output_count() as i64);
        let parts =
            usize::try_from(parts).ok().filter(|parts| (1..=node.output_count()).contains(parts));
        let parts = parts.ok_or_else(|| {
            node.error("the number of its parts must be at least 1 and at most that of its outputs")
        })?;
        if node.opset() < 18 && !size.is_multiple_of(parts) {
            return Err(
                node.error(format!("axis {axis} of {ty} does not divide into {parts} parts"))
            );
        }
        Split::evenly(axis, size, parts)
    };
    let input = node.input(0)?;
    node.emit(op, &[Some(input)])
}

/// Before version 10, starts, ends and axes are attributes, and all steps are 1.
fn slice(node: &mut NodeContext<'_, '_>) -> Imported {
    let ty = node.input_type(0)?.clone();
    let (starts, ends, axes, steps) = if node.opset() < 10 {
        let list = |name| Ok::<_, ImportError>(node.ints(name)?.map(<[i64]>::to_vec));
        (
            list("starts")?.unwrap_or_default(),
            list("ends")?.unwrap_or_default(),
            list("axes")?,
            None,
        )
    } else {
        (
            node.required_i64s(1, "starts")?,
            node.required_i64s(2, "ends")?,
            node.optional_i64s(3, "axes")?,
            node.optional_i64s(4, "steps")?,
        )
    };
    let count = starts.len();
    let axes = axes.unwrap_or_else(|| (0..count as i64).collect());
    let steps = steps.unwrap_or_else(|| vec![1; count]);
    if [ends.len(), axes.len(), steps.len()] != [count; 3] {
        return Err(node.error(format!(
            "it has {count} starts, {} ends, {} axes and {} steps",
            ends.len(),
            axes.len(),
            steps.len()
        )));
    }
    let mut slices: Vec<SliceAxis> = ty.shape.iter().map(|&size| SliceAxis::whole(size)).collect();
    for (index, axis) in node.normalize_axes(&axes, ty.rank())?.into_iter().enumerate() {
        slices[axis] = SliceAxis::resolve(starts[index], ends[index], steps[index], ty.shape[axis])
            .ok_or_else(|| node.error("one of its steps is 0"))?;
    }
    let input = node.input(0)?;
    Ok(vec![node.apply(Slice { axes: slices }, &[input])?])
}

/// The pads are an attribute before version 11 and an input from then on, as is the constant.
fn pad(node: &mut NodeContext<'_, '_>) -> Imported {
    let ty = node.input_type(0)?.clone();
    let mode = match node.string("mode")?.unwrap_or("constant") {
        "constant" => PadMode::Constant,
        "reflect" => PadMode::Reflect,
        "edge" => PadMode::Edge,
        "wrap" => PadMode::Wrap,
        other => return Err(node.error(format!("its attribute `mode` is `{other}`"))),
    };
    let numbers = node.attribute_or_input("pads", 11, 1)?;
    let numbers = numbers.ok_or_else(|| node.error("it has no pads"))?;
    let axes = if node.opset() < 18 { None } else { node.optional_i64s(3, "axes")? };
    let axes = match axes {
        Some(axes) => node.normalize_axes(&axes, ty.rank())?,
        None => (0..ty.rank()).collect(),
    };
    if numbers.len() != 2 * axes.len() {
        return Err(node.error(format!(
            "it has {} pads for {} axes; there must be two for each",
            numbers.len(),
            axes.len()
        )));
    }
    let mut pads = vec![(0, 0); ty.rank()];
    for (index, &axis) in axes.iter().enumerate() {
        pads[axis] = (numbers[index], numbers[axes.len() + index]);
    }
    let constant = match mode {
        PadMode::Constant if node.opset() < 11 => {
            let value = Tensor::scalar(node.float("value")?.unwrap_or(0.0));
            let value = value.cast(ty.dtype, Conversion::default());
            let value = value.map_err(|error| node.error(error.to_string()))?;
            let is_zero = value.bytes().iter().all(|&byte| byte == 0);
            if is_zero { None } else { Some(node.add_constant("value", value)?) }
        }
        PadMode::Constant => node.optional_input(2),
        _ => None,
    };
    let inputs: Vec<ValueId> = std::iter::once(node.input(0)?).chain(constant).collect();
    Ok(vec![node.apply(Pad { pads, mode }, &inputs)?])
}

fn reverse_sequence(node: &mut NodeContext<'_, '_>) -> Imported {
    let rank = node.input_type(0)?.rank();
    let batch_axis = node.axis("batch_axis", 1, rank)?;
    let time_axis = node.axis("time_axis", 0, rank)?;
    node.direct(ReverseSequence { batch_axis, time_axis })
}

/// Each axis is cut or padded by half of the difference at its start, and by the rest at its end.
fn center_crop_pad(node: &mut NodeContext<'_, '_>) -> Imported {
    let ty = node.input_type(0)?.clone();
    let sizes = node.required_i64s(1, "shape")?;
    let axes = match node.ints("axes")? {
        Some(axes) => node.normalize_axes(axes, ty.rank())?,
        None => (0..ty.rank()).collect(),
    };
    if sizes.len() != axes.len() {
        return Err(node.error(format!("it has {} sizes for {} axes", sizes.len(), axes.len())));
    }
    let mut slices: Vec<SliceAxis> = ty.shape.iter().map(|&size| SliceAxis::whole(size)).collect();
    let mut pads = vec![(0, 0); ty.rank()];
    for (&axis, &target) in axes.iter().zip(&sizes) {
        let size = ty.shape[axis];
        let asked = usize::try_from(target);
        let target = asked.map_err(|_| node.error(format!("its shape holds {target}")))?;
        if target < size {
            slices[axis] = SliceAxis { start: (size - target) / 2, step: 1, size: target };
        } else {
            let missing = (target - size) as i64;
            pads[axis] = (missing / 2, missing - missing / 2);
        }
    }
    let mut value = node.input(0)?;
    if slices.iter().zip(&ty.shape).any(|(slice, size)| slice.size != *size) {
        value = node.apply(Slice { axes: slices }, &[value])?;
    }
    if pads.iter().any(|pad| *pad != (0, 0)) {
        value = node.apply(Pad { pads, mode: PadMode::Constant }, &[value])?;
    }
    Ok(vec![value])
}

/// Without an axis, the elements are taken from the flattened tensor.
fn compress(node: &mut NodeContext<'_, '_>) -> Imported {
    let ty = node.input_type(0)?.clone();
    let condition = node.required_constant(1, "condition")?;
    let condition = condition.as_slice::<bool>();
    let condition = condition.map_err(|_| node.error("its condition must be booleans"))?.to_vec();
    let mut value = node.input(0)?;
    let axis = if node.has_attribute("axis") {
        node.axis("axis", 0, ty.rank())?
    } else {
        let count = element_count(&ty.shape).map_err(|error| node.error(error.to_string()))?;
        value = node.apply(Reshape { shape: vec![count] }, &[value])?;
        0
    };
    let size = node.ty(value).shape[axis];
    let indices = condition.iter().enumerate().filter(|(_, taken)| **taken);
    let indices: Vec<i64> = indices.map(|(index, _)| index as i64).collect();
    if indices.last().is_some_and(|last| *last >= size as i64) {
        return Err(
            node.error(format!("its condition takes elements beyond an axis of size {size}"))
        );
    }
    let indices = Tensor::new(&[indices.len()], &indices);
    let indices = indices.map_err(|error| node.error(error.to_string()))?;
    let indices = node.add_constant("indices", indices)?;
    Ok(vec![node.apply(Gather { axis }, &[value, indices])?])
}
