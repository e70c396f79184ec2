//! Carrying a program out on a block.

use super::chain::{Act, ChainWork, Kind, LONGEST, Link, Place, VECTORS};
use super::lower::{Program, Source, Step, Stream, Target};
use super::nest::Pass;
use super::operation::{Operation, execute};
use crate::lanes::Isa;

/// Elements of a tile: with a handful of tiles and inputs well within the first-level cache.
const TILE: usize = 1024;

/// Elements of a tile when there are many of them.
const SMALL_TILE: usize = 256;

/// Groups of vectors that make a row long: setting a chain up costs little beside them.
const LONG: usize = 8;

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
        // SAFETY: as for this function.
        unsafe { self.run_block(isa, output, inputs, (rows, columns), Reach::Near, scratch) }
    }

    /// As [`run`](Self::run), for operands that lie as far away as `reach` says.
    #[inline(always)]
    pub(super) unsafe fn run_block(
        &self,
        isa: Isa,
        output: Output,
        inputs: &[Input],
        (rows, columns): (usize, usize),
        reach: Reach,
        scratch: &mut [f32],
    ) {
        assert!(inputs.len() >= self.inputs, "an operand for each input");
        assert!(scratch.len() >= self.scratch_len(), "as much scratch memory as scratch_len says");
        if rows == 0 || columns == 0 {
            return;
        }
        let mut frame = Frame {
            program: self,
            isa,
            output,
            inputs,
            // A column is a row of as many elements, if it has no gaps.
            is_column: columns == 1 && output.row_stride == 1,
            scratch: scratch.as_mut_ptr().wrapping_add(scratch.as_ptr().align_offset(ALIGNMENT)),
            row: 0,
            column: 0,
            rows,
            columns,
            reach,
        };
        if frame.is_column {
            (frame.rows, frame.columns) = (1, rows);
        } else if rows > 1 && frame.is_seamless() {
            (frame.rows, frame.columns) = (1, rows * columns);
        }
        // SAFETY: as for this function.
        unsafe {
            if frame.rows * frame.columns <= self.tile() || frame.is_direct() {
                frame.steps();
            } else {
                let column = frame.chain();
                frame.tiles(column);
            }
        }
    }
}

/// Where the operands of a block lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reach {
    /// Perhaps in the second-level cache.
    Near,
    /// Further away, so that it pays to ask for them ahead.
    Far,
    /// In tensors so large that nothing of the output will be left in a cache when somebody reads it.
    PastCaches,
}

/// A part of a block that passes go over one after the other.
struct Frame<'a> {
    program: &'a Program,
    isa: Isa,
    output: Output,
    inputs: &'a [Input],
    /// Whether rows and columns are exchanged, in output and inputs.
    is_column: bool,
    scratch: *mut f32,
    row: usize,
    column: usize,
    rows: usize,
    columns: usize,
    reach: Reach,
}

impl Frame<'_> {
    /// Whether the whole block is one row.
    fn is_seamless(&self) -> bool {
        let inputs = &self.inputs[..self.program.inputs];
        self.output.row_stride == self.columns
            && inputs.iter().all(|input| input.row_stride == self.columns * input.column_stride)
    }

    /// Whether there is one pass alone, which leaves nothing that would have to stay in a cache, and reads all its
    /// operands where they lie.
    fn is_direct(&self) -> bool {
        let [step] = &self.program.steps[..] else { return false };
        let strides = step.operands.map(|source| match source {
            Source::Register(_) => 1,
            Source::Input(index) => self.input(index).column_stride,
            Source::Constant(_) => 0,
        });
        let first = match step.operation {
            Operation::Arithmetic(..) | Operation::MulAdd(_) => strides[0] == 1 || strides[1] == 1,
            _ => strides[0] == 1,
        };
        first && strides.iter().all(|stride| *stride <= 1)
    }

    /// The chain over as many columns as it can do, if rows are long: how many these are.
    ///
    /// # Safety
    /// The frame must be the whole block.
    unsafe fn chain(&mut self) -> usize {
        let group = VECTORS * self.isa.lanes();
        let chain = &self.program.chain;
        let strides = |index| self.input(index).column_stride;
        if chain.is_empty()
            || self.columns < LONG * group
            || (0..self.program.inputs).any(|index| strides(index) > 1)
        {
            return 0;
        }
        let columns = self.columns - self.columns % group;
        // What is read from the same lines keeps them in the caches anyway.
        let past_caches = self.reach == Reach::PastCaches
            && self.inputs.iter().all(|input| input.pointer != self.output.pointer.cast_const());
        let none = Place { pointer: std::ptr::null(), kind: Kind::Number };
        let mut links = [Link { act: Act::Load, operands: [none; 2] }; LONGEST];
        let links = &mut links[..chain.len()];
        for row in 0..self.rows {
            let mut ahead = [std::ptr::null(); 4];
            let mut aheads = 0;
            if self.reach != Reach::Near {
                let inputs = (0..self.program.inputs).map(|index| self.input(index));
                let read = inputs.filter(|input| input.column_stride == 1);
                for (place, input) in ahead.iter_mut().zip(read) {
                    *place = input.pointer.wrapping_add(row * input.row_stride);
                    aheads += 1;
                }
            }
            for (link, placed) in chain.iter().zip(&mut *links) {
                *placed = Link {
                    act: link.act,
                    operands: link.operands.map(|source| self.place(source, row)),
                };
            }
            let work = ChainWork {
                links,
                to: self.output.pointer.wrapping_add(row * self.output.row_stride),
                columns,
                spill: self.register(self.program.registers),
                ahead: &ahead[..aheads],
                past_caches,
            };
            self.isa.run(work);
        }
        columns
    }

    /// Where an operand of the chain lies in a row.
    #[inline(always)]
    fn place(&self, source: Source, row: usize) -> Place {
        match source {
            Source::Register(register) => {
                Place { pointer: self.register(register), kind: Kind::Group }
            }
            Source::Constant(index) => {
                Place { pointer: &self.program.constants[index], kind: Kind::Number }
            }
            Source::Input(index) => {
                let Input { pointer, row_stride, column_stride } = self.input(index);
                let kind = if column_stride == 0 { Kind::Number } else { Kind::Row };
                Place { pointer: pointer.wrapping_add(row * row_stride), kind }
            }
        }
    }

    /// All steps, tile by tile, from this column on.
    ///
    /// # Safety
    /// The frame must be the whole block.
    unsafe fn tiles(&mut self, first: usize) {
        let (rows, columns) = (self.rows, self.columns);
        if first == columns {
            return;
        }
        let tile = self.program.tile();
        let tile_columns = (columns - first).min(tile);
        let tile_rows = tile / tile_columns;
        while self.row < rows {
            self.rows = tile_rows.min(rows - self.row);
            self.column = first;
            while self.column < columns {
                self.columns = tile_columns.min(columns - self.column);
                // SAFETY: as for this function.
                unsafe { self.steps() }
                self.column += self.columns;
            }
            self.row += self.rows;
        }
    }

    /// # Safety
    /// The frame must be within the block, and fit into a tile unless the step is direct.
    unsafe fn steps(&self) {
        for step in &self.program.steps {
            // SAFETY: as for this function.
            unsafe { self.step(step) }
        }
    }

    /// # Safety
    /// As for [`steps`](Self::steps).
    #[inline(always)]
    unsafe fn step(&self, step: &Step) {
        let mut operation = step.operation;
        // SAFETY: as for this function.
        unsafe {
            let mut a = self.operand(step.operands[0]);
            let (mut b, mut c) = (a, a);
            match &mut operation {
                Operation::Copy | Operation::Unary(_) => {}
                Operation::Arithmetic(arithmetic, _) => {
                    b = self.operand(step.operands[1]);
                    if a.column == 0 && b.column != 0 {
                        *arithmetic = arithmetic.exchanged();
                        (a, b) = (b, a);
                    }
                }
                Operation::Pow | Operation::PRelu => b = self.operand(step.operands[1]),
                Operation::MulAdd(_) => {
                    b = self.operand(step.operands[1]);
                    c = self.operand(step.operands[2]);
                    if a.column == 0 && b.column != 0 {
                        (a, b) = (b, a);
                    }
                }
            }
            if a.column == 0 {
                a = self.spread(a);
            }
            let (to, to_row) = match step.to {
                Target::Register(register) => (self.register(register), self.columns),
                Target::Output => {
                    let place = self.row * self.output.row_stride + self.column;
                    (self.output.pointer.wrapping_add(place), self.output.row_stride)
                }
            };
            let mut pass = Pass {
                to,
                to_row,
                from: [a.pointer, b.pointer, c.pointer],
                from_row: [a.row, b.row, c.row],
                rows: self.rows,
                columns: self.columns,
                ahead: [std::ptr::null(); 4],
                aheads: 0,
            };
            if self.reach != Reach::Near && self.rows == 1 {
                self.look_ahead(step, &mut pass);
            }
            execute(self.isa, operation, [b.column == 0, c.column == 0], &pass);
        }
    }

    /// Names the memory that the next pass will come to.
    fn look_ahead(&self, step: &Step, pass: &mut Pass) {
        let is_last = step.to == Target::Output;
        let column = if is_last { self.column + self.columns } else { self.column };
        for stream in step.ahead.iter().flatten() {
            let pointer = match *stream {
                Stream::Output => {
                    self.output.pointer.wrapping_add(self.row * self.output.row_stride).cast_const()
                }
                Stream::Input(index) => {
                    let input = self.input(index);
                    if input.column_stride != 1 {
                        continue;
                    }
                    input.pointer.wrapping_add(self.row * input.row_stride)
                }
            };
            pass.ahead[pass.aheads] = pointer.wrapping_add(column);
            pass.aheads += 1;
        }
    }

    #[inline(always)]
    fn register(&self, register: usize) -> *mut f32 {
        self.scratch.wrapping_add(register * self.program.tile())
    }

    /// An input, with rows and columns as they are taken.
    #[inline(always)]
    fn input(&self, index: usize) -> Input {
        let input = self.inputs[index];
        if self.is_column {
            return Input { row_stride: 0, column_stride: input.row_stride, ..input };
        }
        input
    }

    #[inline(always)]
    unsafe fn operand(&self, source: Source) -> Operand {
        match source {
            Source::Register(register) => {
                Operand { pointer: self.register(register), row: self.columns, column: 1 }
            }
            Source::Constant(index) => {
                Operand { pointer: &self.program.constants[index], row: 0, column: 0 }
            }
            Source::Input(index) => {
                let Input { pointer, row_stride, column_stride } = self.input(index);
                let place = self.row * row_stride + self.column * column_stride;
                let pointer = pointer.wrapping_add(place);
                let operand = Operand { pointer, row: row_stride, column: column_stride };
                if column_stride <= 1 {
                    return operand;
                }
                // SAFETY: the elements are there, and the tile holds as many.
                unsafe { self.gather(self.program.registers + 1 + index, operand) }
            }
        }
    }

    /// The number of each row in all of its columns.
    #[cold]
    unsafe fn spread(&self, operand: Operand) -> Operand {
        // SAFETY: there is a number for each row, and the tile holds as many.
        unsafe { self.gather(self.program.registers, operand) }
    }

    /// Copies elements into a tile.
    #[cold]
    unsafe fn gather(&self, register: usize, from: Operand) -> Operand {
        let tile = self.register(register);
        for row in 0..self.rows {
            for column in 0..self.columns {
                // SAFETY: as for this function.
                unsafe {
                    let element = *from.pointer.wrapping_add(row * from.row + column * from.column);
                    *tile.wrapping_add(row * self.columns + column) = element;
                }
            }
        }
        Operand { pointer: tile, row: self.columns, column: 1 }
    }
}

/// Where an operand of a pass lies.
#[derive(Debug, Clone, Copy)]
struct Operand {
    pointer: *const f32,
    /// Distance between rows in elements.
    row: usize,
    /// Distance between columns: one, or zero if it is one number for a whole row.
    column: usize,
}
