//! Importers of pooling.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use super::windows::{explicit_pads, unpadded, window};
use crate::onnx::ImportError;
use crate::op::pooling::{AveragePool, GlobalPool, LpPool, MaxPool, MaxUnpool, RoiAlign};

pub const OPERATORS: &[Entry] = &[
    Entry::new("AveragePool", average_pool),
    Entry::new("GlobalAveragePool", |node| node.direct(GlobalPool::Average)),
    Entry::new("GlobalLpPool", |node| {
        let p = order(node)?;
        node.direct(GlobalPool::Lp { p })
    }),
    Entry::new("GlobalMaxPool", |node| node.direct(GlobalPool::Max)),
    Entry::new("LpPool", lp_pool),
    Entry::new("MaxPool", max_pool),
    Entry::new("MaxUnpool", max_unpool)
        .since(9)
        .note("The output's shape, if it is given, must be known at load."),
    Entry::new("RoiAlign", roi_align).since(10),
];

fn max_pool(node: &mut NodeContext<'_, '_>) -> Imported {
    let (window, explicit) = window(node, &node.input_type(0)?.shape, None)?;
    let op = MaxPool {
        window,
        ceil: explicit && node.flag("ceil_mode", false)?,
        indices: node.has_output(1),
        column_major: node.flag("storage_order", false)?,
    };
    node.direct(op)
}

fn average_pool(node: &mut NodeContext<'_, '_>) -> Imported {
    let (window, explicit) = window(node, &node.input_type(0)?.shape, None)?;
    let op = AveragePool {
        window,
        ceil: explicit && node.flag("ceil_mode", false)?,
        count_include_pad: node.flag("count_include_pad", false)?,
    };
    node.direct(op)
}

fn lp_pool(node: &mut NodeContext<'_, '_>) -> Imported {
    let (window, explicit) = window(node, &node.input_type(0)?.shape, None)?;
    let ceil = explicit && node.flag("ceil_mode", false)?;
    let p = order(node)?;
    node.direct(LpPool { window, ceil, p })
}

/// The order of a norm.
pub fn order(node: &NodeContext<'_, '_>) -> Result<u32, ImportError> {
    let p = node.int("p")?.unwrap_or(2);
    u32::try_from(p).map_err(|_| node.error(format!("its attribute `p` is {p}")))
}

fn max_unpool(node: &mut NodeContext<'_, '_>) -> Imported {
    let shape = node.input_type(0)?.shape.clone();
    let rank = shape.len().saturating_sub(2);
    let window = unpadded(node, rank, None)?;
    let (begin, end) = explicit_pads(node, rank)?;
    let mut indexed = shape;
    for axis in 0..rank {
        let size = indexed[axis + 2]
            .saturating_sub(1)
            .checked_mul(window.strides[axis])
            .and_then(|travel| travel.checked_add(window.kernel[axis]))
            .and_then(|full| full.checked_sub(begin[axis] + end[axis]))
            .ok_or_else(|| node.error("its output has no possible size"))?;
        indexed[axis + 2] = size;
    }
    let output = match node.optional_i64s(2, "output_shape")? {
        None => indexed.clone(),
        Some(sizes) => {
            let sizes: Result<Vec<usize>, _> = sizes.into_iter().map(usize::try_from).collect();
            sizes.map_err(|_| node.error("its output shape has a negative size"))?
        }
    };
    let (x, indices) = (node.input(0)?, node.input(1)?);
    Ok(vec![node.apply(MaxUnpool { indexed, output }, &[x, indices])?])
}

/// Before version 16, coordinates were not those of elements' centres.
fn roi_align(node: &mut NodeContext<'_, '_>) -> Imported {
    let size = |name: &str, default: i64| {
        let value = node.int(name)?.unwrap_or(default);
        u32::try_from(value)
            .map(|value| value as usize)
            .map_err(|_| node.error(format!("its attribute `{name}` is {value}")))
    };
    let max = match node.string("mode")?.unwrap_or("avg") {
        "avg" => false,
        "max" => true,
        other => return Err(node.error(format!("its attribute `mode` is `{other}`"))),
    };
    let half_pixel = match node.string("coordinate_transformation_mode")? {
        None => node.opset() >= 16,
        Some("half_pixel") => true,
        Some("output_half_pixel") => false,
        Some(other) => {
            return Err(
                node.error(format!("its attribute `coordinate_transformation_mode` is `{other}`"))
            );
        }
    };
    let op = RoiAlign {
        height: size("output_height", 1)?,
        width: size("output_width", 1)?,
        sampling_ratio: size("sampling_ratio", 0)?,
        spatial_scale: node.float("spatial_scale")?.unwrap_or(1.0),
        max,
        half_pixel,
    };
    node.direct(op)
}
