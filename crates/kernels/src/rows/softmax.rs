//! Softmax and its logarithm.

use super::Rows;
use super::fold::{Largest, fold_lanes, fold_row};
use super::fold::{Plain, SumOf};
use super::reduce::fold_columns;
use super::walk::{Walk, load, store, walk};
use crate::lanes::{Isa, Lanes, Work};
use crate::math::{exp, log};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Softmax {
    /// eˣ / Σ eˣ.
    Plain,
    /// ln(eˣ / Σ eˣ).
    Logarithm,
}

/// Softmax of every row. The output may be the input's memory.
///
/// # Safety
/// As many elements must be there to read and to write.
pub unsafe fn softmax_rows(
    isa: Isa,
    softmax: Softmax,
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    (rows, columns): (usize, usize),
) {
    isa.run(ByRow { softmax, from, to, rows, columns });
}

struct ByRow {
    softmax: Softmax,
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    rows: usize,
    columns: usize,
}

impl Work for ByRow {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let columns = self.columns;
        for row in 0..self.rows {
            let (from, to) = (self.from.row(row), self.to.row(row));
            // SAFETY: the caller of `softmax_rows` promises the memory, `Isa::run` the instruction set.
            unsafe {
                // Subtracting the largest keeps the exponentials within range.
                let largest = L::splat(fold_row::<L, _>(Largest, from, columns));
                let zero = L::splat(0.0);
                match self.softmax {
                    Softmax::Plain => {
                        let mut body = Exponentials::<L, true> { from, to, largest, sum: zero };
                        walk(columns, &mut body);
                        let sum = fold_lanes(SumOf(Plain), body.sum);
                        walk(columns, &mut Scaled { to, factor: L::splat(1.0 / sum) });
                    }
                    Softmax::Logarithm => {
                        let mut body = Exponentials::<L, false> { from, to, largest, sum: zero };
                        walk(columns, &mut body);
                        let sum = L::splat(fold_lanes(SumOf(Plain), body.sum));
                        walk(columns, &mut Lowered { from, to, largest, logarithm: log(sum) });
                    }
                }
            }
        }
    }
}

/// Adds e^(x − largest) up, and perhaps keeps it.
struct Exponentials<L, const KEEP: bool> {
    from: *const f32,
    to: *mut f32,
    largest: L,
    sum: L,
}

impl<L: Lanes, const KEEP: bool> Walk<L> for Exponentials<L, KEEP> {
    #[inline(always)]
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize) {
        // SAFETY: as for this function.
        unsafe {
            let x = load::<L, PART>(self.from.add(offset), count);
            let mut value = exp(x.sub(self.largest));
            if PART {
                value = super::walk::fill_up(value, count, L::splat(0.0));
            }
            if KEEP {
                store::<L, PART>(value, self.to.add(offset), count);
            }
            self.sum = self.sum.add(value);
        }
    }
}

struct Scaled<L> {
    to: *mut f32,
    factor: L,
}

impl<L: Lanes> Walk<L> for Scaled<L> {
    #[inline(always)]
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize) {
        // SAFETY: as for this function.
        unsafe {
            let to = self.to.add(offset);
            store::<L, PART>(load::<L, PART>(to, count).mul(self.factor), to, count);
        }
    }
}

/// (x − largest) − logarithm.
struct Lowered<L> {
    from: *const f32,
    to: *mut f32,
    largest: L,
    logarithm: L,
}

impl<L: Lanes> Walk<L> for Lowered<L> {
    #[inline(always)]
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize) {
        // SAFETY: as for this function.
        unsafe {
            let x = load::<L, PART>(self.from.add(offset), count);
            let value = x.sub(self.largest).sub(self.logarithm);
            store::<L, PART>(value, self.to.add(offset), count);
        }
    }
}

/// Softmax of every column. The output may be the input's memory.
///
/// # Safety
/// As many elements must be there to read and to write.
pub unsafe fn softmax_columns(
    isa: Isa,
    softmax: Softmax,
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    (rows, columns): (usize, usize),
) {
    isa.run(ByColumn { softmax, from, to, rows, columns });
}

struct ByColumn {
    softmax: Softmax,
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    rows: usize,
    columns: usize,
}

impl Work for ByColumn {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        let columns = self.columns;
        // SAFETY: the caller of `softmax_columns` promises the memory, `Isa::run` the instruction set.
        unsafe { walk::<L>(columns, &mut self) }
    }
}

impl<L: Lanes> Walk<L> for ByColumn {
    #[inline(always)]
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize) {
        // SAFETY: as for this function.
        unsafe {
            let largest: L =
                fold_columns::<L, _, PART>(Largest, self.from, offset, self.rows, count);
            let mut sum = L::splat(0.0);
            let keep = self.softmax == Softmax::Plain;
            for row in 0..self.rows {
                let x = load::<L, PART>(self.from.row(row).add(offset), count);
                let value = exp(x.sub(largest));
                if keep {
                    store::<L, PART>(value, self.to.row(row).add(offset), count);
                }
                sum = sum.add(value);
            }
            let (factor, logarithm) = (L::splat(1.0).div(sum), log(sum));
            for row in 0..self.rows {
                let to = self.to.row(row).add(offset);
                let value = if keep {
                    load::<L, PART>(to, count).mul(factor)
                } else {
                    let x = load::<L, PART>(self.from.row(row).add(offset), count);
                    x.sub(largest).sub(logarithm)
                };
                store::<L, PART>(value, to, count);
            }
        }
    }
}
