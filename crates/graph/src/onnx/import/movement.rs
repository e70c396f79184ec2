//! Importers of operators that move elements.

use super::context::{Imported, NodeContext};
use super::shapes;
use super::table::Entry;
use crate::op::elementwise::Unary;
use crate::op::movement::{Reshape, Transpose};
use crate::shape::Shape;

pub const OPERATORS: &[Entry] = &[
    Entry::new("Flatten", flatten),
    Entry::new("Identity", |node| node.direct(Unary::Identity)),
    Entry::new("Reshape", reshape),
    Entry::new("Squeeze", squeeze),
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
