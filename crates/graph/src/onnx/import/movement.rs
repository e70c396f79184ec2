//! Importers of operators that move elements.

use super::context::{Imported, NodeContext};
use super::shapes;
use super::table::Entry;
use crate::onnx::ImportError;
use crate::op::elementwise::Unary;
use crate::op::movement::{
    BlockOrder, DepthToSpace, Expand, Reshape, SpaceToDepth, Tile, Transpose,
};
use crate::shape::{Shape, broadcast};

pub const OPERATORS: &[Entry] = &[
    Entry::new("DepthToSpace", |node| {
        let (block_size, order) = blocks(node)?;
        node.direct(DepthToSpace { block_size, order })
    }),
    Entry::new("Expand", expand).since(8).note("The shape must be known at load."),
    Entry::new("Flatten", flatten),
    Entry::new("Identity", |node| node.direct(Unary::Identity)),
    Entry::new("Reshape", reshape),
    Entry::new("SpaceToDepth", |node| {
        let (block_size, order) = blocks(node)?;
        node.direct(SpaceToDepth { block_size, order })
    }),
    Entry::new("Squeeze", squeeze),
    Entry::new("Tile", tile).note("The repeats must be known at load."),
    Entry::new("Transpose", transpose),
    Entry::new("Unsqueeze", unsqueeze),
];

fn reshape(node: &mut NodeContext<'_, '_>) -> Imported {
    let target = node.required_i64s(1, "shape")?;
    let allow_zero = node.flag("allowzero", false)?;
    let shape = shapes::reshape(&node.input_type(0)?.shape, &target, allow_zero);
    to_shape(node, shape)
}

/// The axes are an attribute before version 13 and an input from then on; without them, every 1 goes.
fn squeeze(node: &mut NodeContext<'_, '_>) -> Imported {
    let axes = node.attribute_or_input("axes", 13, 1)?;
    let shape = shapes::squeeze(&node.input_type(0)?.shape, axes.as_deref());
    to_shape(node, shape)
}

/// The axes are an attribute before version 13 and an input from then on.
fn unsqueeze(node: &mut NodeContext<'_, '_>) -> Imported {
    let axes = node.attribute_or_input("axes", 13, 1)?;
    let axes = axes.ok_or_else(|| node.error("it has no axes"))?;
    let shape = shapes::unsqueeze(&node.input_type(0)?.shape, &axes);
    to_shape(node, shape)
}

fn flatten(node: &mut NodeContext<'_, '_>) -> Imported {
    let axis = node.int("axis")?.unwrap_or(1);
    let shape = shapes::flatten(&node.input_type(0)?.shape, axis);
    to_shape(node, shape)
}

fn to_shape(node: &mut NodeContext<'_, '_>, shape: Result<Shape, String>) -> Imported {
    let shape = shape.map_err(|reason| node.error(reason))?;
    let data = node.input(0)?;
    Ok(vec![node.apply(Reshape { shape }, &[data])?])
}

/// Without a permutation, the dimensions are reversed.
fn transpose(node: &mut NodeContext<'_, '_>) -> Imported {
    let rank = node.input_type(0)?.rank();
    let permutation = match node.ints("perm")? {
        Some(axes) => node.normalize_axes(axes, rank)?,
        None => (0..rank).rev().collect(),
    };
    node.direct(Transpose { permutation })
}

fn expand(node: &mut NodeContext<'_, '_>) -> Imported {
    let sizes = node.required_i64s(1, "shape")?;
    let shape: Result<Shape, _> = sizes.iter().map(|&size| size.try_into()).collect();
    let shape = shape.map_err(|_| node.error(format!("its shape is {sizes:?}")))?;
    let shape = broadcast(&node.input_type(0)?.shape, &shape);
    let shape = shape.map_err(|error| node.error(error.to_string()))?;
    let input = node.input(0)?;
    Ok(vec![node.apply(Expand { shape }, &[input])?])
}

fn tile(node: &mut NodeContext<'_, '_>) -> Imported {
    let repeats = node.required_i64s(1, "repeats")?;
    let repeats: Result<Vec<usize>, _> = repeats.iter().map(|&count| count.try_into()).collect();
    let repeats = repeats.map_err(|_| node.error("one of its repeats is negative"))?;
    let input = node.input(0)?;
    Ok(vec![node.apply(Tile { repeats }, &[input])?])
}

fn blocks(node: &NodeContext<'_, '_>) -> Result<(usize, BlockOrder), ImportError> {
    let size = node.int("blocksize")?.unwrap_or(0);
    let order = match node.string("mode")?.unwrap_or("DCR") {
        "DCR" => BlockOrder::PositionFirst,
        "CRD" => BlockOrder::ChannelFirst,
        other => return Err(node.error(format!("its attribute `mode` is `{other}`"))),
    };
    // The type rule refuses blocks of no size.
    Ok((usize::try_from(size).unwrap_or(0), order))
}
