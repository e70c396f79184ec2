//! Reading at indices.

use tachy_graph::op::indexing::{Gather, GatherElements, GatherNd, OneHot};
use tachy_graph::{TensorView, TensorViewMut};

use super::copy_map::copy_rows;
use super::indices::{for_each_index, position};
use super::places::{ElementPlaces, SlicePlaces};
use super::wide;
use crate::kernel::{FnKernel, Operands, Prepared};
use crate::workers::Workers;

pub(super) fn prepare_gather(op: Gather, operands: Operands<'_>) -> Prepared {
    let (data, indices) = (operands.input(0), operands.input(1));
    let size = data.shape[op.axis];
    let row_bytes = data.shape[op.axis + 1..].iter().product::<usize>() * data.dtype.size();
    let mut positions = vec![0; indices.shape.iter().product()];
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            let [data, indices] = two(inputs);
            for_each_index(indices, |number, index| {
                positions[number] = position(index, size)?;
                Ok(())
            })?;
            let count = positions.len();
            copy_rows(workers, data.bytes, outputs[0].bytes, row_bytes, |row| {
                (row / count * size + positions[row % count]) * row_bytes
            });
            Ok(())
        },
    )))
}

pub(super) fn prepare_gather_elements(op: GatherElements, operands: Operands<'_>) -> Prepared {
    let (data, indices) = (operands.input(0), operands.input(1));
    let width = data.dtype.size();
    let mut places = ElementPlaces::new(&data.shape, &indices.shape, op.axis);
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            let [data, indices] = two(inputs);
            let places = places.resolve(indices)?;
            copy_rows(workers, data.bytes, outputs[0].bytes, width, |row| places[row] * width);
            Ok(())
        },
    )))
}

pub(super) fn prepare_gather_nd(op: GatherNd, operands: Operands<'_>) -> Prepared {
    let (data, indices) = (operands.input(0), operands.input(1));
    let width = data.dtype.size();
    let mut places = SlicePlaces::new(&data.shape, &indices.shape, op.batch_dims);
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            let [data, indices] = two(inputs);
            let row_bytes = places.slice * width;
            let places = places.resolve(indices)?;
            copy_rows(workers, data.bytes, outputs[0].bytes, row_bytes, |row| places[row] * width);
            Ok(())
        },
    )))
}

pub(super) fn prepare_one_hot(op: OneHot, operands: Operands<'_>) -> Prepared {
    let (indices, values) = (operands.input(0), operands.input(1));
    wide::check(indices.dtype)?;
    let width = values.dtype.size();
    let depth = op.depth;
    let inner: usize = indices.shape[op.axis..].iter().product();
    let mut wide_indices = vec![0.0; indices.shape.iter().product()];
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            let [indices, values] = two(inputs);
            wide::widen(indices, &mut wide_indices);
            let (off, on) = values.bytes.split_at(width);
            let hot = |index: f64| if index < 0.0 { index + depth as f64 } else { index };
            let indices = &wide_indices;
            // One row for each place of the new dimension.
            workers.for_each_chunk(outputs[0].bytes, inner * width, |row, chunk| {
                let (outer, place) = (row / depth, row % depth);
                let indices = &indices[outer * inner..][..inner];
                for (output, index) in chunk.chunks_exact_mut(width).zip(indices) {
                    output.copy_from_slice(if hot(*index) == place as f64 { on } else { off });
                }
            });
            Ok(())
        },
    )))
}

fn two<'a>(inputs: &[Option<TensorView<'a>>]) -> [TensorView<'a>; 2] {
    [0, 1].map(|index| inputs[index].expect("the type rule requires both"))
}
