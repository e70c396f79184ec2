//! Carrying a program out on a block.

use super::lower::{Program, Source, Step, Target};
use super::nest::{Nest, Operand};
use super::operation::{Operation, execute};
use crate::lanes::Isa;

/// Elements of a tile: with a handful of tiles and inputs well within the first-level cache.
const TILE: usize = 1024;

/// Elements of a tile when there are many of them.
const SMALL_TILE: usize = 256;

/// Tiles begin at a cache line, in bytes.
const ALIGNMENT: usize = 64;

/// An operand of a program: element (r, c) lies `r · row_stride + c · column_stride` elements behind the pointer.
///
/// Column strides of 1 (a row) and 0 (one number for a row) are read in place; others are copied first.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// Element (0, 0).
    pub pointer: *const f32,
    /// Distance between rows; zero if all rows are the same.
    pub row_stride: usize,
    /// Distance between columns.
    pub column_stride: usize,
}

/// Where the results go: element (r, c) lies `r · row_stride + c` elements behind the pointer.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Element (0, 0).
    pub pointer: *mut f32,
    /// Distance between rows.
    pub row_stride: usize,
}

impl Program {
    /// Elements of scratch memory that [`run`](Self::run) needs.
    pub fn scratch_len(&self) -> usize {
        // The registers, one for an operand that must be spread, and one for each input that must be copied.
        (self.registers + 1 + self.inputs) * self.tile() + ALIGNMENT / size_of::<f32>()
    }

    fn tile(&self) -> usize {
        if self.registers + self.inputs <= 6 { TILE } else { SMALL_TILE }
    }

    /// Computes the expression for every element of a block.
    ///
    /// The output may be the very memory of an input with the same strides. It must not overlap inputs otherwise.
    ///
    /// # Safety
    /// All elements of the output must be writable and all those of the inputs readable; nobody else may use the
    /// output meanwhile.
    ///
    /// # Panics
    /// If there are fewer inputs than the program reads, or less scratch memory than it needs.
    pub unsafe fn run(
        &self,
        isa: Isa,
        output: Output,
        inputs: &[Input],
        (rows, columns): (usize, usize),
        scratch: &mut [f32],
    ) {
        assert!(inputs.len() >= self.inputs, "an operand for each input");
        // SAFETY: as for this function.
        unsafe { self.run_with(isa, output, |index| inputs[index], (rows, columns), scratch) }
    }

    /// As [`run`](Self::run), with inputs that are computed when they are needed.
    pub(super) unsafe fn run_with(
        &self,
        isa: Isa,
        output: Output,
        input: impl Fn(usize) -> Input,
        (mut rows, mut columns): (usize, usize),
        scratch: &mut [f32],
    ) {
        if rows == 0 || columns == 0 {
            return;
        }
        assert!(scratch.len() >= self.scratch_len(), "as much scratch memory as scratch_len says");
        // A column is a row of as many elements, if it has no gaps.
        let is_column = columns == 1 && output.row_stride == 1;
        let input = |index: usize| {
            let input = input(index);
            if !is_column {
                return input;
            }
            Input { pointer: input.pointer, row_stride: 0, column_stride: input.row_stride }
        };
        if is_column {
            (rows, columns) = (1, rows);
        }
        let seamless = rows > 1
            && output.row_stride == columns
            && (0..self.inputs).all(|index| {
                let Input { row_stride, column_stride, .. } = input(index);
                row_stride == columns * column_stride
            });
        if seamless {
            (rows, columns) = (1, rows * columns);
        }
        // One pass alone leaves nothing between passes that would have to stay in a cache.
        let whole = self.steps.len() == 1
            && self.steps[0].is_direct(|source| match source {
                Source::Register(_) => 1,
                Source::Input(index) => input(index).column_stride,
                Source::Constant(_) => 0,
            });
        let tile = if whole { rows * columns } else { self.tile() };
        let tile_columns = columns.min(tile);
        let tile_rows = (tile / tile_columns).min(rows);
        let mut frame = Frame {
            program: self,
            isa,
            lanes: isa.lanes(),
            scratch: scratch.as_mut_ptr().wrapping_add(scratch.as_ptr().align_offset(ALIGNMENT)),
            tile: self.tile(),
            row: 0,
            column: 0,
            rows: 0,
            columns: 0,
        };
        while frame.row < rows {
            frame.rows = tile_rows.min(rows - frame.row);
            frame.column = 0;
            while frame.column < columns {
                frame.columns = tile_columns.min(columns - frame.column);
                for step in &self.steps {
                    // SAFETY: the frame is within the block, and the scratch memory is as large as asked for.
                    unsafe { frame.step(step, output, &input) }
                }
                frame.column += frame.columns;
            }
            frame.row += frame.rows;
        }
    }
}

impl Step {
    /// Whether it can read its operands where they lie, given their column strides.
    fn is_direct(&self, column_stride: impl Fn(Source) -> usize) -> bool {
        let strides = self.operands.map(column_stride);
        let first = match self.operation {
            Operation::Arithmetic(..) | Operation::MulAdd(_) => strides[0] == 1 || strides[1] == 1,
            _ => strides[0] == 1,
        };
        first && strides.iter().all(|stride| *stride <= 1)
    }
}

/// A part of a block that passes go over one after the other.
struct Frame<'a> {
    program: &'a Program,
    isa: Isa,
    lanes: usize,
    scratch: *mut f32,
    /// Elements of scratch memory for a tile.
    tile: usize,
    row: usize,
    column: usize,
    rows: usize,
    columns: usize,
}

impl Frame<'_> {
    /// # Safety
    /// The frame must be within the block of the output and the inputs, and fit into a tile unless the step is direct.
    unsafe fn step(&self, step: &Step, output: Output, input: &impl Fn(usize) -> Input) {
        // SAFETY: as for this function.
        unsafe {
            let first = self.operand(step.operands[0], input);
            let other = |index: usize| {
                if step.operands[index] == step.operands[0] {
                    first
                } else {
                    self.operand(step.operands[index], input)
                }
            };
            let mut operands = [first, other(1), other(2)];
            let mut operation = step.operation;
            if first.splat {
                match operation {
                    Operation::Arithmetic(arithmetic, limits) if !operands[1].splat => {
                        operation = Operation::Arithmetic(arithmetic.exchanged(), limits);
                        operands.swap(0, 1);
                    }
                    Operation::MulAdd(_) if !operands[1].splat => operands.swap(0, 1),
                    _ => operands[0] = self.spread(first),
                }
            }
            let to = match step.to {
                Target::Register(register) => (self.register(register), self.columns),
                Target::Output => {
                    let place = self.row * output.row_stride + self.column;
                    (output.pointer.wrapping_add(place), output.row_stride)
                }
            };
            let nest = Nest::new(self.lanes, to, operands, (self.rows, self.columns));
            execute(self.isa, operation, [operands[1].splat, operands[2].splat], &nest);
        }
    }

    fn register(&self, register: usize) -> *mut f32 {
        self.scratch.wrapping_add(register * self.tile)
    }

    unsafe fn operand(&self, source: Source, input: &impl Fn(usize) -> Input) -> Operand {
        match source {
            Source::Register(register) => {
                Operand { pointer: self.register(register), row: self.columns, splat: false }
            }
            Source::Constant(index) => {
                Operand { pointer: &self.program.constants[index], row: 0, splat: true }
            }
            Source::Input(index) => {
                let Input { pointer, row_stride, column_stride } = input(index);
                let place = self.row * row_stride + self.column * column_stride;
                let pointer = pointer.wrapping_add(place);
                if column_stride <= 1 {
                    return Operand { pointer, row: row_stride, splat: column_stride == 0 };
                }
                let tile = self.register(self.program.registers + 1 + index);
                // SAFETY: the elements are there, and the tile holds as many.
                unsafe { self.gather(tile, pointer, (row_stride, column_stride)) }
            }
        }
    }

    /// The number of each row in all of its columns.
    unsafe fn spread(&self, operand: Operand) -> Operand {
        let tile = self.register(self.program.registers);
        // SAFETY: there is a number for each row, and the tile holds as many.
        unsafe { self.gather(tile, operand.pointer, (operand.row, 0)) }
    }

    /// Copies elements into a tile.
    unsafe fn gather(&self, tile: *mut f32, from: *const f32, strides: (usize, usize)) -> Operand {
        for row in 0..self.rows {
            for column in 0..self.columns {
                // SAFETY: as for this function.
                unsafe {
                    let element = *from.wrapping_add(row * strides.0 + column * strides.1);
                    *tile.wrapping_add(row * self.columns + column) = element;
                }
            }
        }
        Operand { pointer: tile, row: self.columns, splat: false }
    }
}
