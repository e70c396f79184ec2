//! Movement whose places depend on a second input: triangles and reversed sequences.

use tachy_graph::op::slicing::{ReverseSequence, Trilu};
use tachy_graph::{TensorView, TensorViewMut};

use super::copy_map::copy_rows;
use crate::kernel::{DataError, FnKernel, Operands, Prepared};
use crate::workers::Workers;

pub(super) fn prepare_trilu(op: Trilu, operands: Operands<'_>) -> Prepared {
    let input = operands.input(0);
    let width = input.dtype.size();
    let rank = input.rank();
    let (rows, columns) = (input.shape[rank - 2], input.shape[rank - 1]);
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            let k = match inputs.get(1).copied().flatten() {
                Some(k) => k.as_slice::<i64>().expect("the type rule requires i64")[0],
                None => 0,
            };
            let source = inputs[0].expect("the type rule requires it").bytes;
            let output = &mut *outputs[0].bytes;
            if output.is_empty() {
                return Ok(());
            }
            let row_bytes = columns * width;
            let count = workers.chunk_length(output.len() / row_bytes, 64);
            workers.for_each_chunk(output, count * row_bytes, |piece, chunk| {
                for (index, output) in chunk.chunks_exact_mut(row_bytes).enumerate() {
                    let number = piece * count + index;
                    output.copy_from_slice(&source[number * row_bytes..][..row_bytes]);
                    // Column of the diagonal in this row; the lower triangle holds it, too.
                    let diagonal = ((number % rows) as i64).saturating_add(k);
                    let column = |column: i64| column.clamp(0, columns as i64) as usize * width;
                    if op.upper {
                        output[..column(diagonal)].fill(0);
                    } else {
                        output[column(diagonal.saturating_add(1))..].fill(0);
                    }
                }
            });
            Ok(())
        },
    )))
}

pub(super) fn prepare_reverse_sequence(op: ReverseSequence, operands: Operands<'_>) -> Prepared {
    let input = operands.input(0);
    let shape = &input.shape;
    let inner_axis = op.batch_axis.max(op.time_axis);
    let row_bytes = shape[inner_axis + 1..].iter().product::<usize>() * input.dtype.size();
    let rows_below = |axis: usize| shape[axis + 1..=inner_axis].iter().product::<usize>();
    let (batch_stride, time_stride) = (rows_below(op.batch_axis), rows_below(op.time_axis));
    let (batch, time) = (shape[op.batch_axis], shape[op.time_axis]);
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            let source = inputs[0].expect("the type rule requires it").bytes;
            let lengths = inputs[1].expect("the type rule requires it");
            let lengths = lengths.as_slice::<i64>().expect("the type rule requires i64");
            if let Some(length) = lengths.iter().find(|length| !(0..=time as i64).contains(*length))
            {
                return Err(DataError(format!(
                    "a sequence of length {length} does not lie in a time axis of size {time}"
                )));
            }
            copy_rows(workers, source, outputs[0].bytes, row_bytes, |row| {
                let length = lengths[row / batch_stride % batch] as usize;
                let step = row / time_stride % time;
                let reversed = if step < length { length - 1 - step } else { step };
                (row - step * time_stride + reversed * time_stride) * row_bytes
            });
            Ok(())
        },
    )))
}
