//! Products of whole matrices.

use std::ops::Range;

use half::{bf16, f16};

use super::block::{self, Block, Cut, Cuts};
use super::packed::{PackedLayout, Panel};
use super::tile::{Finish, Rows, Segment};
use super::widen::widen;
use crate::lanes::Isa;
use crate::weight::{WIDENED_IN_REGISTERS, Weight, WeightType};

/// What is done to a result before it is written: `clamp(sum + bias + addend)`.
#[derive(Clone, Copy)]
pub struct Epilogue<'a> {
    /// One number for each column.
    pub bias: Option<&'a [f32]>,
    /// Results are limited to this range, NaN stays.
    pub range: (f32, f32),
}

impl Epilogue<'_> {
    /// Nothing is done.
    pub const NONE: Self = Self { bias: None, range: (f32::NEG_INFINITY, f32::INFINITY) };
}

/// A row-major matrix to be read, whose rows begin `pitch` elements apart.
#[derive(Clone, Copy)]
pub struct MatrixRef {
    /// The first element.
    pub first: *const f32,
    /// Elements from one row to the next.
    pub pitch: usize,
}

/// A row-major matrix to be written, whose rows begin `pitch` elements apart.
#[derive(Clone, Copy)]
pub struct MatrixMut {
    /// The first element.
    pub first: *mut f32,
    /// Elements from one row to the next.
    pub pitch: usize,
}

/// The right-hand matrix of a product.
#[derive(Clone, Copy)]
pub enum Right<'a> {
    /// Packed in the product's layout.
    Packed(&'a [f32]),
    /// Packed in the product's layout, in half precision.
    PackedF16(&'a [f16]),
    /// Packed in the product's layout, of each element the upper half.
    PackedBf16(&'a [bf16]),
    /// Read where it is.
    InPlace {
        /// The matrix, `[k, n]`.
        matrix: MatrixRef,
        /// The last columns, packed by [`PackedLayout::pack_ragged`].
        ragged: &'a [f32],
    },
}

/// The matrices of a product: `out = clamp(a · b + bias + addend)`.
#[derive(Clone, Copy)]
pub struct Operands<'a> {
    /// `[m, k]`.
    pub a: MatrixRef,
    /// `[k, n]`.
    pub b: Right<'a>,
    /// `[m, n]`; may be `out` itself.
    pub addend: Option<MatrixRef>,
    /// What is done before a result is written.
    pub epilogue: Epilogue<'a>,
    /// `[m, n]`.
    pub out: MatrixMut,
}

/// A product of matrices, `[m, k] · [k, n]`, cut into tasks that can run side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    isa: Isa,
    m: usize,
    layout: PackedLayout,
    rows_per_task: usize,
    panels_per_task: usize,
    /// Tasks along the rows and along the panels.
    tasks: (usize, usize),
    /// How the rows of a task are cut into tiles.
    cuts: Cuts,
    /// Elements of the sum that are added up before the next ones.
    depth: usize,
    /// Whether weights are widened before the rows meet them.
    widens: bool,
}

/// Rows that one task takes at the most: their part of A stays in the second cache while panels stream by.
const ROWS_PER_TASK: usize = 216;

/// The same where the sum is cut into blocks.
const ROWS_PER_DEEP_TASK: usize = 360;

/// Elements of a sum that are added up at once at the most; longer sums are cut into blocks.
const DEPTH: usize = 512;

/// Elements of a right-hand matrix that is read where it is: packing it would not pay.
const IN_PLACE: usize = 128 * 128;

/// Rows that are too few for packing the right-hand matrix to pay.
const ROWS_IN_PLACE: usize = 8;

impl Product {
    /// A product for so many threads; B is packed in this layout.
    pub fn new(isa: Isa, threads: usize, m: usize, layout: PackedLayout) -> Self {
        let k = layout.k();
        let is_deep = k > DEPTH + DEPTH / 2 && m > isa.tile_rows();
        let depth = if is_deep { k.div_ceil(k.div_ceil(DEPTH)) } else { k };
        let most = if is_deep { ROWS_PER_DEEP_TASK } else { ROWS_PER_TASK };
        // Equal shares, in whole tiles.
        let shares = match is_deep {
            // Every task copies its rows, so the rows are cut before the panels are.
            true => m.div_ceil(most).max(threads.min(m / (2 * isa.tile_rows()))),
            false => m.div_ceil(most),
        };
        let share = m.div_ceil(shares.max(1));
        let rows_per_task = share.next_multiple_of(isa.tile_rows()).clamp(1, m.max(1));
        let row_tasks = m.div_ceil(rows_per_task).max(1);
        let panels = layout.panels().len();
        // With one thread, the rows' blocks are all there is; with more, a few tasks each, so that nobody waits long.
        let each = if is_deep { 2 } else { 4 };
        let wanted = if threads == 1 { 1 } else { (threads * each).div_ceil(row_tasks) };
        let panels_per_task = panels.div_ceil(wanted).max(1);
        let tasks = (m.div_ceil(rows_per_task), panels.div_ceil(panels_per_task));
        let cuts = Cuts::new(isa, rows_per_task);
        Self { isa, m, layout, rows_per_task, panels_per_task, tasks, cuts, depth, widens: false }
    }

    /// The same product with a packed B of this type. Results do not depend on the type, but for the elements themselves.
    #[must_use]
    pub fn with_weights(mut self, weights: WeightType) -> Self {
        self.widens =
            weights != WeightType::F32 && self.rows_per_task.min(self.m) > WIDENED_IN_REGISTERS;
        self
    }

    /// How B is to be packed.
    pub fn layout(&self) -> &PackedLayout {
        &self.layout
    }

    /// Whether it is faster to read a row-major B that is no constant where it is than to pack it.
    pub fn reads_in_place(&self) -> bool {
        self.m <= ROWS_IN_PLACE || self.layout.k() * self.layout.n() <= IN_PLACE
    }

    /// Elements of scratch memory with which [`run`](Self::run) is fastest, of each thread its own.
    pub fn scratch(&self) -> usize {
        self.block_len() + self.wide_len()
    }

    /// Elements of a task's rows of A, if the sum is cut into blocks.
    fn block_len(&self) -> usize {
        if self.depth == self.layout.k() { 0 } else { self.rows_per_task * pitch(self.depth) }
    }

    /// Elements of a widened panel, if panels are widened.
    fn wide_len(&self) -> usize {
        let widest = self.layout.panels().iter().map(|panel| panel.vectors).max().unwrap_or(0);
        if self.widens { self.depth * widest * self.layout.lanes() } else { 0 }
    }

    /// The number of tasks.
    pub fn tasks(&self) -> usize {
        self.tasks.0 * self.tasks.1
    }

    /// The rows and columns of the result that a task computes.
    pub fn block(&self, task: usize) -> (Range<usize>, Range<usize>) {
        let (rows, panels) = self.share(task);
        let start = panels.first().map_or(0, |panel| panel.column);
        let end = panels.last().map_or(0, |panel| panel.column + panel.columns);
        (rows, start..end)
    }

    /// The rows and panels of a task.
    fn share(&self, task: usize) -> (Range<usize>, &[Panel]) {
        // Divisions take as long as a small tile.
        let (row, panel) = match self.tasks.0 {
            1 => (0, task),
            row_tasks => (task % row_tasks, task / row_tasks),
        };
        let (row, panel) = (row * self.rows_per_task, panel * self.panels_per_task);
        let panels = self.layout.panels();
        let end = (panel + self.panels_per_task).min(panels.len());
        (row..(row + self.rows_per_task).min(self.m), &panels[panel..end])
    }

    /// Does one task with a packed B.
    ///
    /// # Safety
    /// As for [`run_with`](Self::run_with).
    ///
    /// # Panics
    /// As for [`run_with`](Self::run_with).
    pub unsafe fn run(
        &self,
        task: usize,
        a: MatrixRef,
        b: &[f32],
        addend: Option<MatrixRef>,
        epilogue: Epilogue<'_>,
        out: MatrixMut,
    ) {
        let operands = Operands { a, b: Right::Packed(b), addend, epilogue, out };
        // SAFETY: as for this function.
        unsafe { self.run_with(task, &operands, &mut []) }
    }

    /// Does one task. Long sums are cut into blocks if there is as much scratch memory as [`scratch`](Self::scratch)
    /// says; without, they are added up in one go.
    ///
    /// # Safety
    /// The matrices are of their sizes and within their memory; nobody else writes to `out`.
    ///
    /// # Panics
    /// If what is packed of B is shorter than its layout, or the bias than a row.
    pub unsafe fn run_with(&self, task: usize, operands: &Operands<'_>, scratch: &mut [f32]) {
        let Operands { a, b, addend, epilogue, out } = *operands;
        match b {
            Right::Packed(b) => self.check(b),
            Right::PackedF16(b) => self.check(b),
            Right::PackedBf16(b) => self.check(b),
            Right::InPlace { ragged, .. } => {
                assert!(ragged.len() >= self.layout.ragged_len(), "the last columns are packed");
            }
        }
        if let Some(bias) = epilogue.bias {
            assert!(bias.len() >= self.layout.n(), "a number of the bias for each column");
        }
        let (rows, panels) = self.share(task);
        let count = rows.len();
        let whole =
            MatrixMut { first: out.first.wrapping_add(rows.start * out.pitch), pitch: out.pitch };
        let addend = addend.map(|addend| addend.without_rows(rows.start));
        let a = a.without_rows(rows.start);
        let k = self.layout.k();
        let (scratch, wide) = match scratch.len() < self.scratch() {
            true => (&mut [][..], &mut [][..]),
            false => scratch.split_at_mut(self.block_len()),
        };
        if self.depth == k || scratch.is_empty() {
            let part = Part { depth: 0..k, a, count, b, addend, epilogue, out: whole };
            // SAFETY: the caller answers for the matrices; rows and columns are within them.
            unsafe { self.run_part(panels, &part, wide) }
            return;
        }
        let pitch = pitch(self.depth);
        let so_far =
            MatrixRef { first: out.first.cast_const(), pitch: out.pitch }.without_rows(rows.start);
        for start in (0..k).step_by(self.depth) {
            let depth = start..(start + self.depth).min(k);
            // SAFETY: the rows of A are the caller's, and the scratch memory has room for their part.
            unsafe {
                for row in 0..count {
                    let from = a.first.add(row * a.pitch + start);
                    let to = scratch[row * pitch..].as_mut_ptr();
                    std::ptr::copy_nonoverlapping(from, to, depth.len());
                }
            }
            let is_first = start == 0;
            let part = Part {
                a: MatrixRef { first: scratch.as_ptr(), pitch },
                count,
                b,
                addend: if is_first { addend } else { Some(so_far) },
                epilogue: Epilogue {
                    bias: epilogue.bias.filter(|_| is_first),
                    range: if depth.end == k { epilogue.range } else { Epilogue::NONE.range },
                },
                out: whole,
                depth,
            };
            // SAFETY: the caller answers for the matrices; rows and columns are within them.
            unsafe { self.run_part(panels, &part, wide) }
        }
    }

    fn check<T>(&self, packed: &[T]) {
        assert!(packed.len() >= self.layout.len(), "B is packed in this layout");
    }

    /// # Safety
    /// As for [`run_with`](Self::run_with); `wide` is as long as [`wide_len`](Self::wide_len) says, or empty.
    unsafe fn run_part(&self, panels: &[Panel], part: &Part<'_>, wide: &mut [f32]) {
        let start = part.depth.start;
        // SAFETY: as for this function.
        unsafe {
            match part.b {
                Right::Packed(b) => {
                    for panel in panels {
                        self.run_panel(panel, part, self.packed(panel, b).without_rows(start));
                    }
                }
                Right::InPlace { matrix, ragged } => {
                    for panel in panels {
                        let rows = self.in_place(panel, matrix, ragged);
                        self.run_panel(panel, part, rows.without_rows(start));
                    }
                }
                Right::PackedF16(b) => self.run_narrow(panels, part, b, wide),
                Right::PackedBf16(b) => self.run_narrow(panels, part, b, wide),
            }
        }
    }

    /// As [`run_part`](Self::run_part) for weights of 16 bits.
    unsafe fn run_narrow<T: Weight>(
        &self,
        panels: &[Panel],
        part: &Part<'_>,
        b: &[T],
        wide: &mut [f32],
    ) {
        for panel in panels {
            let rows = self.packed(panel, b).without_rows(part.depth.start);
            // SAFETY: as for `run_part`; a panel is whole vectors.
            unsafe {
                if wide.is_empty() {
                    self.run_panel(panel, part, rows);
                    continue;
                }
                let wide = &mut wide[..part.depth.len() * rows.pitch];
                widen(self.isa, rows.first, wide);
                self.run_panel(panel, part, Rows { first: wide.as_ptr(), pitch: rows.pitch });
            }
        }
    }
    /// One panel; `b` are its rows of the part's stretch of the sum.
    ///
    /// # Safety
    /// As for [`run_with`](Self::run_with).
    unsafe fn run_panel<T: Weight>(&self, panel: &Panel, part: &Part<'_>, b: Rows<T>) {
        let Part { a, count, addend, epilogue, out, .. } = part;
        let segments = [Segment { offset: 0, length: part.depth.len() }];
        let cut = match T::TYPE {
            WeightType::F32 => self.cuts.of(*count, panel.vectors),
            WeightType::F16 | WeightType::Bf16 => Cut::of_few::<T>(self.isa, *count, panel.vectors),
        };
        let bias = match epilogue.bias {
            Some(bias) => bias[panel.column..panel.column + panel.columns].as_ptr(),
            None => std::ptr::null(),
        };
        for (rows, tiles, row) in [(cut.rows, cut.full, 0), (cut.rest, 1, cut.full * cut.rows)] {
            if rows == 0 || tiles == 0 {
                continue;
            }
            let addend_first = match addend {
                Some(addend) => addend.first.wrapping_add(row * addend.pitch + panel.column),
                None => std::ptr::null(),
            };
            let block = Block {
                rows: Rows { first: a.first.wrapping_add(row * a.pitch), pitch: a.pitch },
                segments: &segments,
                b,
                columns: panel.columns,
                finish: Finish {
                    out: out.first.wrapping_add(row * out.pitch + panel.column),
                    out_pitch: out.pitch,
                    bias,
                    addend: addend_first,
                    addend_pitch: addend.map_or(0, |addend| addend.pitch),
                    low: epilogue.range.0,
                    high: epilogue.range.1,
                },
                lines: 1,
                tiles,
                a_line: 0,
                out_line: 0,
                addend_line: 0,
            };
            // SAFETY: the caller answers for the matrices; rows and columns are within them.
            unsafe { block::run(self.isa, rows, panel.vectors, &block) };
        }
    }

    /// The rows of a packed panel.
    fn packed<T>(&self, panel: &Panel, b: &[T]) -> Rows<T> {
        Rows { first: b[panel.offset..].as_ptr(), pitch: panel.vectors * self.layout.lanes() }
    }

    /// The rows of a panel of a matrix that is read where it is.
    fn in_place(&self, panel: &Panel, matrix: MatrixRef, ragged: &[f32]) -> Rows {
        let pitch = panel.vectors * self.layout.lanes();
        match panel.columns < pitch {
            true => Rows { first: ragged.as_ptr(), pitch },
            false => Rows { first: matrix.first.wrapping_add(panel.column), pitch: matrix.pitch },
        }
    }
}

/// Some rows of a task, and a stretch of the sum.
struct Part<'a> {
    depth: Range<usize>,
    a: MatrixRef,
    count: usize,
    b: Right<'a>,
    addend: Option<MatrixRef>,
    epilogue: Epilogue<'a>,
    out: MatrixMut,
}

impl MatrixRef {
    fn without_rows(self, row: usize) -> Self {
        Self { first: self.first.wrapping_add(row * self.pitch), ..self }
    }
}

/// A pitch that keeps rows out of one another's way in the cache.
fn pitch(columns: usize) -> usize {
    let whole = columns.next_multiple_of(16);
    if whole.is_multiple_of(256) { whole + 16 } else { whole }
}
