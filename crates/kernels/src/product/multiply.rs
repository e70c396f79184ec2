//! Products of whole matrices.

use super::block::{self, Block, Cut};
use std::ops::Range;

use super::packed::{PackedLayout, Panel};
use super::tile::{Finish, Rows, Segment};
use crate::lanes::Isa;

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

/// A product of matrices, `[m, k] · [k, n]`, cut into tasks that can run side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    isa: Isa,
    m: usize,
    layout: PackedLayout,
    rows_per_task: usize,
    panels_per_task: usize,
}

/// Rows that one task takes at the most: their part of A stays in the second cache while panels stream by.
const ROWS_PER_TASK: usize = 216;

impl Product {
    /// A product for so many threads; B is packed in this layout.
    pub fn new(isa: Isa, threads: usize, m: usize, layout: PackedLayout) -> Self {
        let rows_per_task = ROWS_PER_TASK.min(m.max(1));
        let row_tasks = m.div_ceil(rows_per_task).max(1);
        let panels = layout.panels().len().max(1);
        // With one thread, the rows' blocks are all there is; with more, a few tasks each, so that nobody waits long.
        let wanted = if threads == 1 { 1 } else { (threads * 4).div_ceil(row_tasks).min(panels) };
        let panels_per_task = panels.div_ceil(wanted);
        Self { isa, m, layout, rows_per_task, panels_per_task }
    }

    /// How B is to be packed.
    pub fn layout(&self) -> &PackedLayout {
        &self.layout
    }

    /// The number of tasks.
    pub fn tasks(&self) -> usize {
        let panels = self.layout.panels().len();
        self.m.div_ceil(self.rows_per_task) * panels.div_ceil(self.panels_per_task)
    }

    /// The rows and columns of the result that a task computes.
    pub fn block(&self, task: usize) -> (Range<usize>, Range<usize>) {
        let row_tasks = self.m.div_ceil(self.rows_per_task);
        let first_row = (task % row_tasks) * self.rows_per_task;
        let panels = self.panels_of(task);
        let start = panels.first().map_or(0, |panel| panel.column);
        let end = panels.last().map_or(0, |panel| panel.column + panel.columns);
        (first_row..(first_row + self.rows_per_task).min(self.m), start..end)
    }

    fn panels_of(&self, task: usize) -> &[Panel] {
        let row_tasks = self.m.div_ceil(self.rows_per_task);
        let first = (task / row_tasks) * self.panels_per_task;
        let panels = self.layout.panels();
        &panels[first..(first + self.panels_per_task).min(panels.len())]
    }

    /// Does one task.
    ///
    /// # Safety
    /// `a` is `[m, k]`, `out` and `addend` are `[m, n]`, all within their memory; nobody else writes to `out`.
    /// `addend` may be `out` itself.
    ///
    /// # Panics
    /// If `b` is shorter than its layout, or the bias than a row.
    pub unsafe fn run(
        &self,
        task: usize,
        a: MatrixRef,
        b: &[f32],
        addend: Option<MatrixRef>,
        epilogue: Epilogue<'_>,
        out: MatrixMut,
    ) {
        assert!(b.len() >= self.layout.len(), "B is packed in this layout");
        let (rows, _) = self.block(task);
        let (first_row, count) = (rows.start, rows.len());
        let panels = self.panels_of(task);
        let segments = [Segment { offset: 0, length: self.layout.k() }];
        let cut = Cut::of(self.isa, count);
        for panel in panels {
            let bias = match epilogue.bias {
                Some(bias) => bias[panel.column..panel.column + panel.columns].as_ptr(),
                None => std::ptr::null(),
            };
            for (rows, tiles, start) in
                [(cut.rows, cut.full, 0), (cut.rest, 1, cut.full * cut.rows)]
            {
                if rows == 0 || tiles == 0 {
                    continue;
                }
                let row = first_row + start;
                let addend_first = match addend {
                    Some(addend) => addend.first.wrapping_add(row * addend.pitch + panel.column),
                    None => std::ptr::null(),
                };
                let block = Block {
                    rows: Rows { first: a.first.wrapping_add(row * a.pitch), pitch: a.pitch },
                    segments: &segments,
                    b: b[panel.offset..].as_ptr(),
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
    }
}
