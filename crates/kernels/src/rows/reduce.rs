//! Reductions to one number for each row or each column.

use super::Rows;
use super::fold::{Fold, Largest, Magnitude, Plain, Product, Smallest, Square, SumOf, fold_row};
use super::walk::{Walk, load, store, walk};
use crate::lanes::{Isa, Lanes, Work};

/// What is computed of many numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Their sum; zero for none.
    Sum,
    /// Their mean; NaN for none.
    Mean,
    /// The largest, NaN if there is one; −∞ for none.
    Max,
    /// The smallest, NaN if there is one; ∞ for none.
    Min,
    /// Their product; one for none.
    Product,
    /// The sum of their squares.
    SumOfSquares,
    /// The sum of their magnitudes.
    SumOfMagnitudes,
    /// The root of the sum of their squares.
    Norm,
}

impl Reduction {
    /// What becomes of the folded value of so many numbers, one for each lane.
    #[inline(always)]
    unsafe fn finish<L: Lanes>(self, value: L, count: usize) -> L {
        // SAFETY: as for `Lanes`.
        unsafe {
            match self {
                Reduction::Mean => value.div(L::splat(count as f32)),
                Reduction::Norm => value.sqrt(),
                _ => value,
            }
        }
    }

    #[inline(always)]
    fn visit<V: FoldVisitor>(self, visitor: V) {
        match self {
            Reduction::Sum | Reduction::Mean => visitor.visit(SumOf(Plain)),
            Reduction::Max => visitor.visit(Largest),
            Reduction::Min => visitor.visit(Smallest),
            Reduction::Product => visitor.visit(Product),
            Reduction::SumOfSquares | Reduction::Norm => visitor.visit(SumOf(Square)),
            Reduction::SumOfMagnitudes => visitor.visit(SumOf(Magnitude)),
        }
    }
}

trait FoldVisitor {
    fn visit<F: Fold>(self, fold: F);
}

/// One number for each of the rows: `to[r]` of `from[r][..columns]`.
///
/// # Safety
/// As many elements must be there to read; `to` must be writable for a number for each row.
pub unsafe fn reduce_rows(
    isa: Isa,
    reduction: Reduction,
    from: Rows<*const f32>,
    (rows, columns): (usize, usize),
    to: *mut f32,
) {
    reduction.visit(ByRow { isa, reduction, from, rows, columns, to });
}

struct ByRow {
    isa: Isa,
    reduction: Reduction,
    from: Rows<*const f32>,
    rows: usize,
    columns: usize,
    to: *mut f32,
}

impl FoldVisitor for ByRow {
    fn visit<F: Fold>(self, fold: F) {
        self.isa.run(Folding { fold, task: self });
    }
}

struct Folding<F, T> {
    fold: F,
    task: T,
}

impl<F: Fold> Work for Folding<F, ByRow> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let ByRow { reduction, from, rows, columns, to, .. } = self.task;
        for row in 0..rows {
            // SAFETY: the caller of `reduce_rows` promises the memory, `Isa::run` the instruction set.
            unsafe {
                let value = L::splat(fold_row::<L, F>(self.fold, from.row(row), columns));
                reduction.finish(value, columns).store_first(to.add(row), 1);
            }
        }
    }
}

/// One number for each of the columns: `to[c]` of `from[..rows][c]`.
///
/// # Safety
/// As many elements must be there to read; `to` must be writable for a number for each column.
pub unsafe fn reduce_columns(
    isa: Isa,
    reduction: Reduction,
    from: Rows<*const f32>,
    (rows, columns): (usize, usize),
    to: *mut f32,
) {
    reduction.visit(ByColumn { isa, reduction, from, rows, columns, to });
}

#[derive(Clone, Copy)]
struct ByColumn {
    isa: Isa,
    reduction: Reduction,
    from: Rows<*const f32>,
    rows: usize,
    columns: usize,
    to: *mut f32,
}

impl FoldVisitor for ByColumn {
    fn visit<F: Fold>(self, fold: F) {
        self.isa.run(Folding { fold, task: self });
    }
}

impl<F: Fold> Work for Folding<F, ByColumn> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        let columns = self.task.columns;
        // SAFETY: the caller of `reduce_columns` promises the memory, `Isa::run` the instruction set.
        unsafe { walk::<L>(columns, &mut self) }
    }
}

impl<L: Lanes, F: Fold> Walk<L> for Folding<F, ByColumn> {
    #[inline(always)]
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize) {
        let ByColumn { reduction, from, rows, to, .. } = self.task;
        // SAFETY: as for this function.
        unsafe {
            let value = fold_columns::<L, F, PART>(self.fold, from, offset, rows, count);
            store::<L, PART>(reduction.finish(value, rows), to.add(offset), count);
        }
    }
}

/// The numbers of a vector of columns, each column in its lane. Long columns are folded in parts, so that the error of
/// a sum grows with the number of parts and the size of one instead of with their product.
#[inline(always)]
pub(super) unsafe fn fold_columns<L: Lanes, F: Fold, const PART: bool>(
    fold: F,
    from: Rows<*const f32>,
    offset: usize,
    rows: usize,
    count: usize,
) -> L {
    const ROWS: usize = 128;
    // SAFETY: the caller promises the memory and the instruction set.
    unsafe {
        let mut total = L::splat(F::START);
        let mut row = 0;
        while row < rows {
            let end = rows.min(row + ROWS);
            let mut values = [L::splat(F::START); 4];
            while row + 4 <= end {
                for (i, value) in values.iter_mut().enumerate() {
                    *value =
                        fold.step(*value, load::<L, PART>(from.row(row + i).add(offset), count));
                }
                row += 4;
            }
            while row < end {
                let x = load::<L, PART>(from.row(row).add(offset), count);
                values[0] = fold.step(values[0], x);
                row += 1;
            }
            let [a, b, c, d] = values;
            total = fold.join(total, fold.join(fold.join(a, b), fold.join(c, d)));
        }
        total
    }
}
