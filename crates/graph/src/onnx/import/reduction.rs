//! Importers of operators that combine elements along dimensions.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use crate::op::movement::Reshape;
use crate::op::reduction::{
    ArgExtremum, Cumulative, Reduce, ReduceKind, Softmax, SoftmaxKind, TopK,
};
use crate::shape::element_count;

macro_rules! reduce {
    ($name:literal, $kind:ident, $axes_since:literal) => {
        Entry::new($name, |node| reduce(node, ReduceKind::$kind, $axes_since))
    };
}

macro_rules! softmax {
    ($name:literal, $kind:ident) => {
        Entry::new($name, |node| softmax(node, SoftmaxKind::$kind))
            .note("Before version 13, the dimensions from the axis on are taken together.")
    };
}

pub const OPERATORS: &[Entry] = &[
    Entry::new("ArgMax", |node| arg_extremum(node, true)),
    Entry::new("ArgMin", |node| arg_extremum(node, false)),
    Entry::new("CumProd", |node| cumulative(node, true))
        .since(26)
        .note("The axis must be constant."),
    Entry::new("CumSum", |node| cumulative(node, false))
        .since(11)
        .note("The axis must be constant."),
    softmax!("Hardmax", Hardmax),
    softmax!("LogSoftmax", LogSoftmax),
    reduce!("ReduceL1", L1, 18),
    reduce!("ReduceL2", L2, 18),
    reduce!("ReduceLogSum", LogSum, 18),
    reduce!("ReduceLogSumExp", LogSumExp, 18),
    reduce!("ReduceMax", Max, 18),
    reduce!("ReduceMean", Mean, 18),
    reduce!("ReduceMin", Min, 18),
    reduce!("ReduceProd", Prod, 18),
    reduce!("ReduceSum", Sum, 13),
    reduce!("ReduceSumSquare", SumSquare, 18),
    softmax!("Softmax", Softmax),
    Entry::new("TopK", top_k).note("The number of elements must be constant."),
];

/// The axes are an attribute before version `axes_since` and an input from then on. Without axes, all dimensions
/// are meant, or none if the node says so.
fn reduce(node: &mut NodeContext<'_, '_>, kind: ReduceKind, axes_since: i64) -> Imported {
    let rank = node.input_type(0)?.rank();
    let given = node.attribute_or_input("axes", axes_since, 1)?.unwrap_or_default();
    let none_is_none = node.opset() >= axes_since && node.flag("noop_with_empty_axes", false)?;
    let mut axes = match given.is_empty() && !none_is_none {
        true => (0..rank).collect(),
        false => node.normalize_axes(&given, rank)?,
    };
    axes.sort_unstable();
    let keep_dims = node.flag("keepdims", true)?;
    let data = node.input(0)?;
    Ok(vec![node.apply(Reduce { kind, axes, keep_dims }, &[data])?])
}

fn arg_extremum(node: &mut NodeContext<'_, '_>, largest: bool) -> Imported {
    let axis = node.axis("axis", 0, node.input_type(0)?.rank())?;
    let keep_dims = node.flag("keepdims", true)?;
    let select_last = node.flag("select_last_index", false)?;
    node.direct(ArgExtremum { largest, axis, keep_dims, select_last })
}

fn cumulative(node: &mut NodeContext<'_, '_>, product: bool) -> Imported {
    let axis = node.required_i64(1, "axis")?;
    let axis = node.normalize_axis(axis, node.input_type(0)?.rank())?;
    let exclusive = node.flag("exclusive", false)?;
    let reverse = node.flag("reverse", false)?;
    let data = node.input(0)?;
    Ok(vec![node.apply(Cumulative { product, axis, exclusive, reverse }, &[data])?])
}

/// Before version 13, the tensor is seen as a matrix: the dimensions before the axis by those from it on.
fn softmax(node: &mut NodeContext<'_, '_>, kind: SoftmaxKind) -> Imported {
    let shape = node.input_type(0)?.shape.clone();
    if node.opset() >= 13 {
        let axis = node.axis("axis", -1, shape.len())?;
        return node.direct(Softmax { kind, axis });
    }
    // The axis may also lie behind the last dimension of a scalar or a vector.
    let axis = match node.int("axis")?.unwrap_or(1) {
        axis if usize::try_from(axis) == Ok(shape.len()) => shape.len(),
        axis => node.normalize_axis(axis, shape.len())?,
    };
    if axis + 1 == shape.len() {
        return node.direct(Softmax { kind, axis });
    }
    let (rows, columns) = shape.split_at(axis);
    let count = |sizes| element_count(sizes).map_err(|error| node.error(error.to_string()));
    let matrix = Reshape { shape: vec![count(rows)?, count(columns)?] };
    let data = node.input(0)?;
    let matrix = node.apply(matrix, &[data])?;
    let shares = node.apply(Softmax { kind, axis: 1 }, &[matrix])?;
    Ok(vec![node.apply(Reshape { shape }, &[shares])?])
}

/// The number of elements is an attribute before version 10 and an input from then on.
fn top_k(node: &mut NodeContext<'_, '_>) -> Imported {
    let axis = node.axis("axis", -1, node.input_type(0)?.rank())?;
    let k = match node.opset() {
        ..10 => node.int("k")?.ok_or_else(|| node.error("it has no attribute `k`"))?,
        _ => node.required_i64(1, "K")?,
    };
    let k = usize::try_from(k).map_err(|_| node.error(format!("it is to find {k} elements")))?;
    let largest = node.flag("largest", true)?;
    let data = node.input(0)?;
    node.emit(TopK { axis, k, largest }, &[Some(data)])
}
