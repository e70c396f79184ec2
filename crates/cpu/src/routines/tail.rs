//! Epilogues of any kind, on parts of a result that are still in the cache.
#![allow(unsafe_code)]

use tachy_graph::op::fused::Expression;
use tachy_kernels::lanes::Isa;
use tachy_kernels::pointwise::{Input, Output, Program};

use super::pointwise::program;
use crate::program::BufferId;

/// The most operands of an epilogue, the result included.
pub(super) const OPERANDS: usize = 8;

/// A program that is run in place on blocks of rows and columns of a result.
pub(super) struct Tail {
    isa: Isa,
    program: Program,
    /// Where the others of its inputs are, in the order of the expression's, the result left out.
    operands: Vec<TailOperand>,
    scratch: usize,
}

/// An input of an epilogue: which operand of the step it is, and how rows and columns lead through it.
#[derive(Debug, Clone, Copy)]
pub(super) struct TailOperand {
    pub(super) operand: usize,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

/// A buffer that an epilogue reads, with its strides.
#[derive(Debug, Clone, Copy)]
pub(super) struct TailInput {
    pub(super) buffer: BufferId,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

/// A part of the result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) row: usize,
    pub(super) rows: usize,
    pub(super) column: usize,
    pub(super) columns: usize,
}

impl Tail {
    /// A tail whose further inputs are the step's operands from `first` on; `None` if they are too many.
    pub(super) fn new(
        isa: Isa,
        expression: &Expression,
        first: usize,
        inputs: &[TailInput],
    ) -> Option<Self> {
        if inputs.len() + 1 > OPERANDS {
            return None;
        }
        let program = program(expression)?;
        // Whole cache lines, so that threads do not meet in one.
        let scratch = program.scratch_len().next_multiple_of(16);
        let operands = inputs
            .iter()
            .enumerate()
            .map(|(index, input)| TailOperand {
                operand: first + index,
                row_stride: input.row_stride,
                column_stride: input.column_stride,
            })
            .collect();
        Some(Self { isa, program, operands, scratch })
    }

    /// Elements of scratch memory for so many threads.
    pub(super) fn scratch(&self, threads: usize) -> usize {
        self.scratch * threads
    }

    /// Computes one part in place.
    ///
    /// # Safety
    /// The part lies within the result, whose rows are `pitch` apart, and within the operands; `scratch` is as long as
    /// was asked for, and nobody else uses this member's part of it.
    pub(super) unsafe fn run(
        &self,
        (out, pitch): (*mut f32, usize),
        operands: &[*mut u8],
        part: Part,
        (scratch, member): (*mut f32, usize),
    ) {
        let result = out.wrapping_add(part.row * pitch + part.column);
        let mut inputs =
            [Input { pointer: result.cast_const(), row_stride: pitch, column_stride: 1 }; OPERANDS];
        for (input, operand) in inputs[1..].iter_mut().zip(&self.operands) {
            let start = part.row * operand.row_stride + part.column * operand.column_stride;
            *input = Input {
                pointer: operands[operand.operand].cast::<f32>().wrapping_add(start).cast_const(),
                row_stride: operand.row_stride,
                column_stride: operand.column_stride,
            };
        }
        // SAFETY: the caller answers for the memory.
        unsafe {
            let scratch =
                std::slice::from_raw_parts_mut(scratch.add(member * self.scratch), self.scratch);
            let output = Output { pointer: result, row_stride: pitch };
            let inputs = &inputs[..=self.operands.len()];
            self.program.run(self.isa, output, inputs, (part.rows, part.columns), scratch);
        }
    }
}
