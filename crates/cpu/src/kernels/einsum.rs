//! `Einsum`.
//!
//! Two factors of floats are put in the order of a matrix product and multiplied as such. Everything else is one
//! loop over every index, in `f64` (`i128` for integers), rounded once.

use tachy_graph::TensorViewMut;
use tachy_graph::op::einsum::{Einsum, EinsumLoops};
use tachy_graph::shape::contiguous_strides;

use super::linear::Products;
use super::number::{Number, for_float, for_integer};
use super::views::{Views, by_pieces, count, elements, elements_mut};
use crate::kernel::{DataError, FnKernel, Kernel, Operands, Prepared, Unsupported};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(super) fn prepare(op: &Einsum, operands: Operands<'_>) -> Prepared {
    let shapes: Vec<&[usize]> =
        (0..operands.inputs.len()).map(|index| &operands.input(index).shape[..]).collect();
    let loops = op.loops(&shapes).map_err(|error| Unsupported(error.to_string()))?;
    let dtype = operands.input(0).dtype;
    if dtype.is_float() && is_matrix_product(&loops) {
        return in_real!(operands, |operands: R| Ok(product::<R>(operands, &loops)));
    }
    for_float!(dtype, T => {
        Ok(sum_of_products::<T>(loops, (0.0, 1.0), |a, b| a + b, |a, b| a * b))
    }, _ => for_integer!(dtype, T => {
        Ok(sum_of_products::<T>(loops, (0, 1), i128::wrapping_add, i128::wrapping_mul))
    }, _ => Err(Unsupported(format!("there is no kernel for Einsum on {dtype}")))))
}

/// Whether there are two factors, and both have every index that is summed over.
fn is_matrix_product(loops: &EinsumLoops) -> bool {
    let [a, b] = &loops.strides[..] else { return false };
    let rank = loops.output.len();
    let mut summed = a[rank..].iter().zip(&b[rank..]).zip(&loops.summed);
    summed.all(|((a, b), size)| *size == 1 || (*a != 0 && *b != 0))
}

/// Loops over indices of these sizes, and the strides with which they move through a tensor.
struct Walk(Vec<(usize, usize)>);

impl Walk {
    /// The place of the element with this number.
    fn place(&self, number: usize) -> usize {
        let (mut rest, mut place) = (number, 0);
        for (size, stride) in self.0.iter().rev() {
            place += rest % size * stride;
            rest /= size;
        }
        place
    }
}

/// The size of an index, and its strides in the factors a and b and in the output.
type Index = (usize, usize, usize, usize);

/// Two factors as matrices: the indices that both and the output have number the products, those that one of them
/// and the output have are its rows or columns, and over all others the product sums.
fn product<T: Real>(_: Operands<'_>, loops: &EinsumLoops) -> Box<dyn Kernel> {
    let [a, b] = &loops.strides[..] else { unreachable!("the caller has counted the factors") };
    let own = contiguous_strides(&loops.output);
    let (mut batch, mut rows, mut columns) = (Vec::<Index>::new(), Vec::new(), Vec::new());
    for (index, &size) in loops.output.iter().enumerate() {
        let kind = match (a[index], b[index]) {
            (0, _) => &mut columns,
            (_, 0) => &mut rows,
            _ => &mut batch,
        };
        kind.push((size, a[index], b[index], own[index]));
    }
    let rank = loops.output.len();
    let summed = loops.summed.iter().enumerate();
    let summed = summed.map(|(index, &size)| (size, a[rank + index], b[rank + index], 0));
    let summed: Vec<Index> = summed.collect();
    let number = |kind: &[Index]| kind.iter().fold(1usize, |n, (size, ..)| n.saturating_mul(*size));
    let (batches, m, n, k) = match loops.output.contains(&0) {
        true => (0, 0, 0, 0),
        false => (number(&batch), number(&rows), number(&columns), number(&summed)),
    };
    let walk = |kinds: [&[Index]; 3], stride: fn(&Index) -> usize| {
        Walk(kinds.concat().iter().map(|index| (index.0, stride(index))).collect())
    };
    let a_walk = walk([&batch, &rows, &summed], |index| index.1);
    let b_walk = walk([&batch, &summed, &columns], |index| index.2);
    let out_walk = walk([&batch, &rows, &columns], |index| index.3);
    let products = Products::new(&[batches, m, k], &[batches, k, n]);
    let mut a_matrix = vec![T::zero(); batches * m * k];
    let mut b_matrix = vec![T::zero(); batches * k * n];
    let mut result = vec![T::zero(); batches * m * n];
    let run = move |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let (a, b) = (elements::<T>(inputs, 0), elements::<T>(inputs, 1));
        a_matrix.iter_mut().enumerate().for_each(|(i, slot)| *slot = a[a_walk.place(i)]);
        b_matrix.iter_mut().enumerate().for_each(|(i, slot)| *slot = b[b_walk.place(i)]);
        products.run(workers, &a_matrix, &b_matrix, &mut result);
        let output = elements_mut::<T>(outputs, 0);
        result.iter().enumerate().for_each(|(i, x)| output[out_walk.place(i)] = *x);
        Ok::<(), DataError>(())
    };
    Box::new(FnKernel(run))
}

fn sum_of_products<T: Number>(
    loops: EinsumLoops,
    (zero, one): (T::Wide, T::Wide),
    add: impl Fn(T::Wide, T::Wide) -> T::Wide + Copy + Send + Sync + 'static,
    multiply: impl Fn(T::Wide, T::Wide) -> T::Wide + Copy + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    let rank = loops.output.len();
    let steps = count(&loops.summed);
    let walk = |sizes: &[usize], strides: &[usize]| {
        Walk(sizes.iter().copied().zip(strides.iter().copied()).collect())
    };
    let walks: Vec<(Walk, Walk)> = loops
        .strides
        .iter()
        .map(|strides| {
            let (outer, inner) = strides.split_at(rank);
            (walk(&loops.output, outer), walk(&loops.summed, inner))
        })
        .collect();
    by_pieces(move |inputs, start, output: &mut [T]| {
        for (number, output) in (start..).zip(output) {
            let mut sum = zero;
            for step in 0..steps {
                let mut product = one;
                for (index, (outer, inner)) in walks.iter().enumerate() {
                    let place = outer.place(number) + inner.place(step);
                    product = multiply(product, elements::<T>(inputs, index)[place].wide());
                }
                sum = add(sum, product);
            }
            *output = T::narrow(sum);
        }
    })
}
