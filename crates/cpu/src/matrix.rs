//! Matrix products on slices.

use gemm_common::Parallelism;

use crate::real::Real;
use crate::workers::Workers;

/// A matrix in a slice, to be read.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// A row-major matrix whose rows begin `row_stride` elements apart, at the front of the slice.
    pub(crate) fn new(data: &'a [T], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(fits(data.len(), rows, columns, row_stride), "the matrix lies within its slice");
        Self { data, rows, columns, row_stride, column_stride: 1 }
    }

    /// The same elements with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Self {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// A row-major matrix in a slice, to be written.
pub(crate) struct MatrixMut<'a, T> {
    data: &'a mut [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
}

impl<'a, T> MatrixMut<'a, T> {
    /// A matrix whose rows begin `row_stride` elements apart, at the front of the slice.
    pub(crate) fn new(data: &'a mut [T], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(fits(data.len(), rows, columns, row_stride), "the matrix lies within its slice");
        assert!(rows <= 1 || row_stride >= columns, "rows do not overlap");
        Self { data, rows, columns, row_stride }
    }
}

/// Whether the last element of the matrix lies within the slice.
fn fits(length: usize, rows: usize, columns: usize, row_stride: usize) -> bool {
    if rows == 0 || columns == 0 {
        return true;
    }
    (rows - 1)
        .checked_mul(row_stride)
        .and_then(|start| start.checked_add(columns))
        .is_some_and(|end| end <= length)
}

/// `out = a · b`, or `out += a · b` if `accumulate`.
pub(crate) fn multiply<T: Real>(
    workers: &Workers,
    accumulate: bool,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    out: MatrixMut<'_, T>,
) {
    assert!(
        a.rows == out.rows && b.columns == out.columns && a.columns == b.rows,
        "the matrices go together"
    );
    if out.rows == 0 || out.columns == 0 {
        return;
    }
    if a.columns == 0 {
        if !accumulate {
            for row in out.data.chunks_mut(out.row_stride.max(1)).take(out.rows) {
                row[..out.columns].fill(T::zero());
            }
        }
        return;
    }
    let stride = |stride: usize| isize::try_from(stride).expect("slices are shorter than isize");
    let rows_per_task = match workers.threads() {
        1 => out.rows,
        threads => out.rows.div_ceil(threads).max(LEAST_ROWS),
    };
    let (first, rows, columns, row_stride) =
        (Shared(out.data.as_mut_ptr()), out.rows, out.columns, out.row_stride);
    workers.team().run(rows.div_ceil(rows_per_task), |task| {
        let start = task * rows_per_task;
        // The kernels want a column-major result: outᵀ = bᵀ · aᵀ.
        //
        // SAFETY: the constructors made sure that every element that rows, columns and strides lead to lies within
        // its slice, and that no two elements of `out` share a place; `out` is borrowed mutably, so it overlaps with
        // neither `a` nor `b`, and every task writes rows of its own.
        #[allow(unsafe_code)]
        unsafe {
            T::gemm_function()(
                columns,
                rows_per_task.min(rows - start),
                a.columns,
                first.at(start * row_stride),
                stride(row_stride),
                1,
                accumulate,
                b.data.as_ptr(),
                stride(b.row_stride),
                stride(b.column_stride),
                a.data.as_ptr().add(start * a.row_stride),
                stride(a.row_stride),
                stride(a.column_stride),
                T::one(),
                T::one(),
                false,
                false,
                false,
                Parallelism::None,
            );
        }
    });
}

/// Rows that are worth a task of their own.
const LEAST_ROWS: usize = 16;

struct Shared<T>(*mut T);

impl<T> Shared<T> {
    fn at(&self, offset: usize) -> *mut T {
        self.0.wrapping_add(offset)
    }
}

// SAFETY: tasks write rows of their own.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Shared<T> {}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against the definition, in every combination of transposition, gaps between rows and accumulation.
        #[test]
        fn products_follow_the_definition(
            (m, n, k) in (0usize..9, 0usize..9, 0usize..9),
            gap in 0usize..3,
            (a_transposed, b_transposed, accumulate) in any::<(bool, bool, bool)>(),
            seed in any::<u32>(),
        ) {
            let mut state = seed;
            let mut random = |length: usize| -> Vec<f64> {
                (0..length)
                    .map(|_| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        f64::from(state >> 28)
                    })
                    .collect()
            };
            let (a_rows, a_columns) = if a_transposed { (k, m) } else { (m, k) };
            let (b_rows, b_columns) = if b_transposed { (n, k) } else { (k, n) };
            let a = random(a_rows * (a_columns + gap));
            let b = random(b_rows * (b_columns + gap));
            let before = random(m * (n + gap));
            let mut out = before.clone();
            let a_matrix = Matrix::new(&a, a_rows, a_columns, a_columns + gap);
            let b_matrix = Matrix::new(&b, b_rows, b_columns, b_columns + gap);
            multiply(
                &Workers::new(NonZeroUsize::MIN).unwrap(),
                accumulate,
                if a_transposed { a_matrix.transposed() } else { a_matrix },
                if b_transposed { b_matrix.transposed() } else { b_matrix },
                MatrixMut::new(&mut out, m, n, n + gap),
            );
            for i in 0..m {
                for j in 0..n + gap {
                    let place = i * (n + gap) + j;
                    let mut expected = before[place];
                    if j < n {
                        expected = if accumulate { expected } else { 0.0 };
                        for l in 0..k {
                            let (ar, ac) = if a_transposed { (l, i) } else { (i, l) };
                            let (br, bc) = if b_transposed { (j, l) } else { (l, j) };
                            expected += a[ar * (a_columns + gap) + ac] * b[br * (b_columns + gap) + bc];
                        }
                    }
                    prop_assert_eq!(out[place], expected);
                }
            }
        }
    }
}
