//! `MatMul`, `Gemm` and `Det`.

use std::num::NonZeroUsize;

use tachy_graph::TensorViewMut;
use tachy_graph::op::linear::Gemm;
use tachy_graph::shape::broadcast;

use super::broadcast::Broadcast;
use super::number::{Integer, for_integer};
use super::views::{PIECE, Views, count, elements, elements_mut, for_each_piece};
use crate::kernel::{DataError, FnKernel, Kernel, Operands, Prepared, Unsupported};
use crate::matrix::{Matrix, MatrixMut, multiply};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

/// The matrix products that one `MatMul` is.
pub(super) struct Products {
    m: usize,
    k: usize,
    n: usize,
    /// Where the factors of each product begin.
    starts: Vec<[usize; 2]>,
}

impl Products {
    /// The products of tensors of these shapes, which the type rule has checked.
    pub(super) fn new(a: &[usize], b: &[usize]) -> Self {
        let (a_leading, m, k) = match a {
            [leading @ .., m, k] => (leading, *m, *k),
            _ => (&[][..], 1, a[0]),
        };
        let (b_leading, n) = match b {
            [leading @ .., _, n] => (leading, *n),
            _ => (&[][..], 1),
        };
        // One matrix on the right and many on the left: these are one tall matrix.
        if b_leading.iter().all(|size| *size == 1) && !a_leading.is_empty() {
            let m = count(a_leading).saturating_mul(m);
            return Self { m, k, n, starts: vec![[0, 0]] };
        }
        let leading = broadcast(a_leading, b_leading).expect("the type rule made sure");
        let number = if m == 0 || n == 0 { 0 } else { count(&leading) };
        let mut starts = Vec::with_capacity(number);
        let plan = Broadcast::new([a_leading, b_leading], &leading);
        let [a_stride, b_stride] = plan.row_strides();
        plan.for_each_row(0, number, &mut |_, length, [a, b]| {
            let starts_of_row =
                (0..length).map(|i| [(a + i * a_stride) * m * k, (b + i * b_stride) * k * n]);
            starts.extend(starts_of_row);
        });
        Self { m, k, n, starts }
    }

    /// Computes all products.
    pub(super) fn run<T: Real>(&self, workers: &Workers, a: &[T], b: &[T], output: &mut [T]) {
        let (m, k, n) = (self.m, self.k, self.n);
        if output.is_empty() {
            return;
        }
        let product = |workers: &Workers, index: usize, output: &mut [T]| {
            let [a_start, b_start] = self.starts[index];
            let a = Matrix::new(&a[a_start..], m, k, k);
            let b = Matrix::new(&b[b_start..], k, n, n);
            multiply(workers, false, a, b, MatrixMut::new(output, m, n, n));
        };
        if self.starts.len() < workers.threads() || workers.threads() == 1 {
            for (index, output) in output.chunks_mut(m * n).enumerate() {
                product(workers, index, output);
            }
            return;
        }
        // Enough products for every thread to have its own.
        let alone = Workers::new(NonZeroUsize::MIN).expect("one thread needs none to be started");
        let per_piece = workers.chunk_length(self.starts.len(), 1);
        for_each_piece(workers, output, per_piece * m * n, &|piece, output: &mut [T]| {
            for (index, output) in output.chunks_mut(m * n).enumerate() {
                product(&alone, piece * per_piece + index, output);
            }
        });
    }
}

pub(super) fn prepare_matmul(operands: Operands<'_>) -> Prepared {
    let (a, b) = (operands.input(0), operands.input(1));
    let products = Products::new(&a.shape, &b.shape);
    if a.dtype.is_float() {
        return in_real!(operands, |operands: R| Ok(matmul::<R>(operands, products)));
    }
    for_integer!(a.dtype, T => Ok(integer_matmul::<T>(products)), _ => {
        Err(Unsupported(format!("there is no kernel for MatMul on {}", a.dtype)))
    })
}

fn matmul<T: Real>(_: Operands<'_>, products: Products) -> Box<dyn Kernel> {
    let run = move |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let (a, b) = (elements::<T>(inputs, 0), elements::<T>(inputs, 1));
        products.run(workers, a, b, elements_mut(outputs, 0));
        Ok::<(), DataError>(())
    };
    Box::new(FnKernel(run))
}

fn integer_matmul<T: Integer>(products: Products) -> Box<dyn Kernel> {
    let Products { m, k, n, starts } = products;
    let run = move |_: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let (a, b) = (elements::<T>(inputs, 0), elements::<T>(inputs, 1));
        let output = elements_mut::<T>(outputs, 0);
        for (output, [a_start, b_start]) in output.chunks_mut((m * n).max(1)).zip(&starts) {
            integer_product((&a[*a_start..], k, 1), (&b[*b_start..], n, 1), (k, n), output);
        }
        Ok::<(), DataError>(())
    };
    Box::new(FnKernel(run))
}

/// The product of matrices given with their row and column strides; the output is contiguous.
fn integer_product<T: Integer>(
    (a, a_row, a_column): (&[T], usize, usize),
    (b, b_row, b_column): (&[T], usize, usize),
    (k, n): (usize, usize),
    output: &mut [T],
) {
    output.fill(T::zero());
    for (row, output) in output.chunks_mut(n.max(1)).enumerate() {
        for step in 0..k {
            let factor = a[row * a_row + step * a_column];
            for (column, output) in output.iter_mut().enumerate() {
                let product = factor.wrapping_mul(&b[step * b_row + column * b_column]);
                *output = output.wrapping_add(&product);
            }
        }
    }
}

pub(super) fn prepare_gemm(op: Gemm, operands: Operands<'_>) -> Prepared {
    let dtype = operands.input(0).dtype;
    if dtype.is_float() {
        return in_real!(operands, |operands: R| Ok(gemm::<R>(op, operands)));
    }
    for_integer!(dtype, T => Ok(integer_gemm::<T>(op, operands)), _ => {
        Err(Unsupported(format!("there is no kernel for Gemm on {dtype}")))
    })
}

/// How C is broadcast to the output; `None` if it does not count.
fn third_term(op: Gemm, operands: Operands<'_>) -> Option<Broadcast<1>> {
    let c = operands.get(2).filter(|_| op.beta != 0.0)?;
    Some(Broadcast::new([&c.ty.shape[..]], &operands.outputs[0].shape))
}

fn gemm<T: Real>(op: Gemm, operands: Operands<'_>) -> Box<dyn Kernel> {
    let matrix = |index: usize| {
        let shape = &operands.input(index).shape;
        (shape[0], shape[1])
    };
    let ((a_rows, a_columns), (b_rows, b_columns)) = (matrix(0), matrix(1));
    let (m, n) = (operands.outputs[0].shape[0], operands.outputs[0].shape[1]);
    let third = third_term(op, operands);
    let (alpha, beta) = (T::of(f64::from(op.alpha)), T::of(f64::from(op.beta)));
    let run = move |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let a = Matrix::new(elements::<T>(inputs, 0), a_rows, a_columns, a_columns);
        let b = Matrix::new(elements::<T>(inputs, 1), b_rows, b_columns, b_columns);
        let output = elements_mut::<T>(outputs, 0);
        multiply(
            workers,
            false,
            if op.transpose_a { a.transposed() } else { a },
            if op.transpose_b { b.transposed() } else { b },
            MatrixMut::new(output, m, n, n),
        );
        if alpha == T::one() && third.is_none() {
            return Ok::<(), DataError>(());
        }
        let length = workers.chunk_length(output.len(), PIECE);
        for_each_piece(workers, output, length, &|index, piece: &mut [T]| {
            let Some(plan) = &third else {
                piece.iter_mut().for_each(|x| *x *= alpha);
                return;
            };
            let c = elements::<T>(inputs, 2);
            let stride = plan.row_strides()[0];
            plan.for_each_row(index * length, piece.len(), &mut |done, count, [place]| {
                for (offset, x) in piece[done..][..count].iter_mut().enumerate() {
                    *x = alpha * *x + beta * c[place + offset * stride];
                }
            });
        });
        Ok(())
    };
    Box::new(FnKernel(run))
}

fn integer_gemm<T: Integer>(op: Gemm, operands: Operands<'_>) -> Box<dyn Kernel> {
    let strides = |index: usize, transposed: bool| {
        let columns = operands.input(index).shape[1];
        if transposed { (1, columns) } else { (columns, 1) }
    };
    let ((a_row, a_column), (b_row, b_column)) =
        (strides(0, op.transpose_a), strides(1, op.transpose_b));
    let k = operands.input(0).shape[if op.transpose_a { 0 } else { 1 }];
    let n = operands.outputs[0].shape[1];
    let third = third_term(op, operands);
    let run = move |_: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let (a, b) = (elements::<T>(inputs, 0), elements::<T>(inputs, 1));
        let output = elements_mut::<T>(outputs, 0);
        integer_product((a, a_row, a_column), (b, b_row, b_column), (k, n), output);
        let scale = |x: T, factor: f32| match factor {
            1.0 => x,
            _ => T::truncated(f64::from(factor) * x.wide() as f64),
        };
        output.iter_mut().for_each(|x| *x = scale(*x, op.alpha));
        if let Some(plan) = &third {
            let c = elements::<T>(inputs, 2);
            let stride = plan.row_strides()[0];
            plan.for_each_row(0, output.len(), &mut |done, count, [place]| {
                for (offset, x) in output[done..][..count].iter_mut().enumerate() {
                    *x = x.wrapping_add(&scale(c[place + offset * stride], op.beta));
                }
            });
        }
        Ok::<(), DataError>(())
    };
    Box::new(FnKernel(run))
}

pub(super) fn prepare_det(operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: R| Ok(det::<R>(operands)))
}

fn det<T: Real>(operands: Operands<'_>) -> Box<dyn Kernel> {
    let matrices = count(&operands.outputs[0].shape);
    let size = operands.input(0).shape.last().copied().filter(|_| matrices > 0).unwrap_or(0);
    let mut matrix = vec![0f64; size * size];
    let run = move |_: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let input = elements::<T>(inputs, 0);
        for (index, output) in elements_mut::<T>(outputs, 0).iter_mut().enumerate() {
            let input = &input[index * size * size..];
            matrix.iter_mut().zip(input).for_each(|(slot, x)| *slot = x.widen());
            *output = T::of(determinant(&mut matrix, size));
        }
        Ok::<(), DataError>(())
    };
    Box::new(FnKernel(run))
}

/// The determinant of a square matrix, by elimination with the largest element of each column as its pivot.
fn determinant(matrix: &mut [f64], size: usize) -> f64 {
    let mut determinant = 1.0;
    for column in 0..size {
        let magnitude = |row: &usize| matrix[row * size + column].abs();
        let pivot = (column..size)
            .max_by(|a, b| magnitude(a).total_cmp(&magnitude(b)))
            .expect("there is a row");
        if pivot != column {
            (0..size).for_each(|at| matrix.swap(pivot * size + at, column * size + at));
            determinant = -determinant;
        }
        let head = matrix[column * size + column];
        determinant *= head;
        if head == 0.0 {
            return determinant;
        }
        for row in column + 1..size {
            let factor = matrix[row * size + column] / head;
            for at in column..size {
                matrix[row * size + at] -= factor * matrix[column * size + at];
            }
        }
    }
    determinant
}
