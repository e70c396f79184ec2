//! `Cast` and `BitCast`.

use tachy_graph::convert::convert;
use tachy_graph::op::conversion::{BitCast, Cast};
use tachy_graph::{DType, TensorViewMut};

use super::unary::copy;
use super::views::{PIECE, Views, bytes, for_each_piece};
use crate::kernel::{DataError, FnKernel, Kernel, Operands, Prepared};
use crate::workers::Workers;

pub(super) fn prepare_cast(op: Cast, operands: Operands<'_>) -> Prepared {
    let from = operands.input(0).dtype;
    let run = move |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let (input, output) = (bytes(inputs, 0), &mut *outputs[0].bytes);
        let length = workers.chunk_length(output.len() / op.to.size(), PIECE);
        for_each_piece(workers, output, length * op.to.size(), &|index, piece| {
            let start = index * length * from.size();
            let input = &input[start..][..piece.len() / op.to.size() * from.size()];
            convert(from, input, op.to, piece, op.conversion);
        });
        Ok::<(), DataError>(())
    };
    Ok(Box::new(FnKernel(run)))
}

pub(super) fn prepare_bit_cast(op: BitCast, operands: Operands<'_>) -> Prepared {
    let from = operands.input(0).dtype;
    if op.to.bits() < 8 {
        return Ok(low_bits(op.to));
    }
    if op.to != DType::Bool || from == DType::Bool {
        return Ok(copy());
    }
    let run = |_: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let input = bytes(inputs, 0);
        if let Some(byte) = input.iter().find(|byte| **byte > 1) {
            return Err(DataError(format!("the byte {byte} is neither false (0) nor true (1)")));
        }
        outputs[0].bytes.copy_from_slice(input);
        Ok(())
    };
    Ok(Box::new(FnKernel(run)))
}

/// Types below 8 bits differ in the unused bits of their byte: those of signed integers repeat the sign.
fn low_bits(to: DType) -> Box<dyn Kernel> {
    let unused = 8 - to.bits();
    let run = move |_: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        for (output, input) in outputs[0].bytes.iter_mut().zip(bytes(inputs, 0)) {
            let high = input << unused;
            *output =
                if to.is_signed_integer() { (high as i8 >> unused) as u8 } else { high >> unused };
        }
        Ok::<(), DataError>(())
    };
    Box::new(FnKernel(run))
}
