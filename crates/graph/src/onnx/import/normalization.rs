//! Importers of normalisation.

use super::context::{Imported, NodeContext};
use super::pooling::order;
use super::table::Entry;
use super::windows::groups;
use crate::dtype::DType;
use crate::graph::ValueId;
use crate::onnx::ImportError;
use crate::op::movement::{Expand, Reshape};
use crate::op::normalization::{
    BatchNormalization, GroupNormalization, InstanceNormalization, LayerNormalization,
    LocalResponseNormalization, LpNormalization, MeanVarianceNormalization, RmsNormalization,
};

pub const OPERATORS: &[Entry] = &[
    Entry::new("BatchNormalization", batch).note("Training mode from version 14 on."),
    Entry::new("GroupNormalization", group).since(18),
    Entry::new("InstanceNormalization", instance),
    Entry::new("LRN", local_response),
    Entry::new("LayerNormalization", layer).since(17),
    Entry::new("LpNormalization", lp),
    Entry::new("MeanVarianceNormalization", mean_variance).since(9),
    Entry::new("RMSNormalization", rms).since(23),
];

fn epsilon(node: &NodeContext<'_, '_>) -> Result<f32, ImportError> {
    Ok(node.float("epsilon")?.unwrap_or(1e-5))
}

/// Before version 14, further outputs meant training; before version 9, statistics could be per element.
fn batch(node: &mut NodeContext<'_, '_>) -> Imported {
    if !node.flag("spatial", true)? {
        return Err(node.error("statistics for every element (`spatial` 0) are not supported"));
    }
    let training = node.flag("training_mode", false)?;
    if !training && (1..node.output_count()).any(|index| node.has_output(index)) {
        return Err(node.error("it has outputs that belong to training, but is not in that mode"));
    }
    let op = BatchNormalization {
        epsilon: epsilon(node)?,
        momentum: node.float("momentum")?.unwrap_or(0.9),
        training,
    };
    node.direct(op)
}

fn instance(node: &mut NodeContext<'_, '_>) -> Imported {
    let epsilon = epsilon(node)?;
    node.direct(InstanceNormalization { epsilon })
}

/// Before version 21, scale and bias had one element for each group.
fn group(node: &mut NodeContext<'_, '_>) -> Imported {
    let groups = groups(node, "num_groups")?;
    let op = GroupNormalization { epsilon: epsilon(node)?, groups };
    let channels = node.input_type(0)?.shape.get(1).copied().unwrap_or(0);
    if node.opset() >= 21 || channels == groups {
        return node.direct(op);
    }
    let x = node.input(0)?;
    let scale = spread(node, 1, groups, channels)?;
    let bias = spread(node, 2, groups, channels)?;
    Ok(vec![node.apply(op, &[x, scale, bias])?])
}

/// Each group's element, once for each of its channels.
fn spread(
    node: &mut NodeContext<'_, '_>,
    index: usize,
    groups: usize,
    channels: usize,
) -> Result<ValueId, ImportError> {
    let each = channels / groups;
    let value = node.input(index)?;
    let column = node.apply(Reshape { shape: vec![groups, 1] }, &[value])?;
    let matrix = node.apply(Expand { shape: vec![groups, each] }, &[column])?;
    node.apply(Reshape { shape: vec![groups * each] }, &[matrix])
}

fn layer(node: &mut NodeContext<'_, '_>) -> Imported {
    let rank = node.input_type(0)?.rank();
    let op = LayerNormalization {
        axis: node.axis("axis", -1, rank)?,
        epsilon: epsilon(node)?,
        statistics: node.has_output(1) || node.has_output(2),
        statistics_dtype: node.dtype("stash_type")?.unwrap_or(DType::F32),
    };
    node.direct(op)
}

fn rms(node: &mut NodeContext<'_, '_>) -> Imported {
    let rank = node.input_type(0)?.rank();
    let op = RmsNormalization { axis: node.axis("axis", -1, rank)?, epsilon: epsilon(node)? };
    node.direct(op)
}

fn local_response(node: &mut NodeContext<'_, '_>) -> Imported {
    let size = node.int("size")?.ok_or_else(|| node.error("its attribute `size` is missing"))?;
    let size = u32::try_from(size)
        .map_err(|_| node.error(format!("its attribute `size` is {size}")))?
        as usize;
    let op = LocalResponseNormalization {
        size,
        alpha: node.float("alpha")?.unwrap_or(1e-4),
        beta: node.float("beta")?.unwrap_or(0.75),
        bias: node.float("bias")?.unwrap_or(1.0),
    };
    node.direct(op)
}

fn lp(node: &mut NodeContext<'_, '_>) -> Imported {
    let rank = node.input_type(0)?.rank();
    let op = LpNormalization { axis: node.axis("axis", -1, rank)?, p: order(node)? };
    node.direct(op)
}

fn mean_variance(node: &mut NodeContext<'_, '_>) -> Imported {
    let rank = node.input_type(0)?.rank();
    let mut axes = node.normalize_axes(node.ints("axes")?.unwrap_or(&[0, 2, 3]), rank)?;
    axes.sort_unstable();
    node.direct(MeanVarianceNormalization { axes })
}
