//! Operators that move elements, whatever their type.

use tachy_graph::op::movement::{BlockOrder, DepthToSpace, Expand, SpaceToDepth, Tile, Transpose};
use tachy_graph::op::slicing::{Pad, PadMode, Slice, Split};
use tachy_graph::shape::{broadcast_strides, contiguous_strides};
use tachy_graph::{TensorView, TensorViewMut};

use super::copy_map::{AxisMap, CopyKernel, CopyMap, Fill};
use crate::kernel::{FnKernel, Operands, Prepared};
use crate::workers::Workers;

/// The same bytes.
pub(super) fn prepare_reshape(_operands: Operands<'_>) -> Prepared {
    Ok(Box::new(FnKernel(
        |_: &Workers, inputs: &[Option<TensorView<'_>>], outputs: &mut [TensorViewMut<'_>]| {
            let source = inputs[0].expect("the type rule requires it").bytes;
            outputs[0].bytes.copy_from_slice(source);
            Ok(())
        },
    )))
}

pub(super) fn prepare_transpose(op: &Transpose, operands: Operands<'_>) -> Prepared {
    by_map(operands, CopyMap::transposed(&operands.input(0).shape, &op.permutation))
}

pub(super) fn prepare_expand(op: &Expand, operands: Operands<'_>) -> Prepared {
    let strides = broadcast_strides(&operands.input(0).shape, &op.shape);
    let axes = op.shape.iter().zip(strides).map(|(size, stride)| strided(*size, stride));
    by_map(operands, CopyMap::new(0, axes.collect()))
}

pub(super) fn prepare_tile(op: &Tile, operands: Operands<'_>) -> Prepared {
    let shape = &operands.input(0).shape;
    let strides = contiguous_strides(shape);
    let axes = (0..shape.len())
        .flat_map(|axis| [strided(op.repeats[axis], 0), strided(shape[axis], strides[axis])]);
    by_map(operands, CopyMap::new(0, axes.collect()))
}

pub(super) fn prepare_depth_to_space(op: &DepthToSpace, operands: Operands<'_>) -> Prepared {
    let [n, c, h, w] = image_shape(operands);
    let b = op.block_size;
    by_map(
        operands,
        match op.order {
            BlockOrder::PositionFirst => {
                CopyMap::transposed(&[n, b, b, c / (b * b), h, w], &[0, 3, 4, 1, 5, 2])
            }
            BlockOrder::ChannelFirst => {
                CopyMap::transposed(&[n, c / (b * b), b, b, h, w], &[0, 1, 4, 2, 5, 3])
            }
        },
    )
}

pub(super) fn prepare_space_to_depth(op: &SpaceToDepth, operands: Operands<'_>) -> Prepared {
    let [n, c, h, w] = image_shape(operands);
    let b = op.block_size;
    let permutation = match op.order {
        BlockOrder::PositionFirst => [0, 3, 5, 1, 2, 4],
        BlockOrder::ChannelFirst => [0, 1, 3, 5, 2, 4],
    };
    by_map(operands, CopyMap::transposed(&[n, c, h / b, b, w / b, b], &permutation))
}

fn image_shape(operands: Operands<'_>) -> [usize; 4] {
    operands.input(0).shape[..].try_into().expect("the type rule requires four dimensions")
}

pub(super) fn prepare_slice(op: &Slice, operands: Operands<'_>) -> Prepared {
    let strides = contiguous_strides(&operands.input(0).shape);
    let mut start = 0;
    let mut axes = Vec::with_capacity(op.axes.len());
    for (axis, stride) in op.axes.iter().zip(strides) {
        start += if axis.size > 0 { axis.start * stride } else { 0 };
        // With one position the step counts nothing, and may be too large to multiply with.
        let step = if axis.size > 1 { axis.step as isize } else { 1 };
        axes.push(AxisMap::Strided { size: axis.size, stride: stride as isize * step });
    }
    by_map(operands, CopyMap::new(start, axes))
}

pub(super) fn prepare_split(op: &Split, operands: Operands<'_>) -> Prepared {
    let shape = &operands.input(0).shape;
    let strides = contiguous_strides(shape);
    let mut start = 0;
    let maps = op.sizes.iter().map(|size| {
        let axes = (0..shape.len())
            .map(|axis| strided(if axis == op.axis { *size } else { shape[axis] }, strides[axis]));
        let map = CopyMap::new(start * strides[op.axis], axes.collect());
        start += size;
        map
    });
    let width = operands.input(0).dtype.size();
    Ok(Box::new(CopyKernel { maps: maps.collect(), width, fill: Fill::Bytes([0; 8]) }))
}

pub(super) fn prepare_pad(op: &Pad, operands: Operands<'_>) -> Prepared {
    let input = operands.input(0);
    let strides = contiguous_strides(&input.shape);
    let axes = (0..input.shape.len()).map(|axis| {
        let (before, after) = op.pads[axis];
        let places = padded(input.shape[axis], before, after, op.mode);
        let stride = strides[axis] as isize;
        match (before, after) {
            (0, 0) => strided(input.shape[axis], strides[axis]),
            _ => AxisMap::Table(places.map(|place| Some(place? as isize * stride)).collect()),
        }
    });
    let map = CopyMap::new(0, axes.collect());
    let fill = match operands.get(1) {
        Some(_) => Fill::SecondInput,
        None => Fill::Bytes([0; 8]),
    };
    Ok(Box::new(CopyKernel { maps: vec![map], width: input.dtype.size(), fill }))
}

/// The positions in a dimension of this size that a padded dimension is made of.
fn padded(
    size: usize,
    before: i64,
    after: i64,
    mode: PadMode,
) -> impl Iterator<Item = Option<usize>> {
    let (first, end) = (-before.min(0), size as i64 + after.min(0));
    let kept = end - first;
    (-before.max(0)..kept + after.max(0)).map(move |position| {
        let position = match mode {
            PadMode::Constant => Some(position).filter(|position| (0..kept).contains(position))?,
            PadMode::Edge => position.clamp(0, kept - 1),
            PadMode::Wrap => position.rem_euclid(kept),
            PadMode::Reflect if kept == 1 => 0,
            PadMode::Reflect => {
                // A mirror at each end makes a period of there and back.
                let there_and_back = 2 * (kept - 1);
                let position = position.rem_euclid(there_and_back);
                position.min(there_and_back - position)
            }
        };
        Some((first + position) as usize)
    })
}

/// All inputs' rows, one behind the other.
pub(super) fn prepare_concat(axis: usize, operands: Operands<'_>) -> Prepared {
    let output = operands.outputs[0];
    let element = output.dtype.size();
    let bytes_of = |shape: &[usize]| shape[axis..].iter().product::<usize>() * element;
    let rows: Vec<usize> =
        (0..operands.inputs.len()).map(|index| bytes_of(&operands.input(index).shape)).collect();
    let row: usize = rows.iter().sum();
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            let output = &mut *outputs[0].bytes;
            if output.is_empty() {
                return Ok(());
            }
            let count = workers.chunk_length(output.len() / row, 1);
            workers.for_each_chunk(output, count * row, |piece, chunk| {
                for (number, mut output) in chunk.chunks_exact_mut(row).enumerate() {
                    for (input, length) in inputs.iter().zip(&rows) {
                        let input = input.expect("the type rule requires them all").bytes;
                        let (head, tail) = output.split_at_mut(*length);
                        head.copy_from_slice(
                            &input[(piece * count + number) * length..][..*length],
                        );
                        output = tail;
                    }
                }
            });
            Ok(())
        },
    )))
}

fn strided(size: usize, stride: usize) -> AxisMap {
    AxisMap::Strided { size, stride: stride as isize }
}

fn by_map(operands: Operands<'_>, map: CopyMap) -> Prepared {
    let width = operands.input(0).dtype.size();
    Ok(Box::new(CopyKernel { maps: vec![map], width, fill: Fill::Bytes([0; 8]) }))
}
