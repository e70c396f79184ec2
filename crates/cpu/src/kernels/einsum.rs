//! `Einsum`: one loop over every index, in `f64` (`i128` for integers), rounded once.

use tachy_graph::op::einsum::{Einsum, EinsumLoops};

use super::number::{Number, for_float, for_integer};
use super::views::{by_pieces, elements};
use crate::kernel::{Kernel, Operands, Prepared, Unsupported};

pub(super) fn prepare(op: &Einsum, operands: Operands<'_>) -> Prepared {
    let shapes: Vec<&[usize]> =
        (0..operands.inputs.len()).map(|index| &operands.input(index).shape[..]).collect();
    let loops = op.loops(&shapes).map_err(|error| Unsupported(error.to_string()))?;
    let dtype = operands.input(0).dtype;
    for_float!(dtype, T => {
        Ok(sum_of_products::<T>(loops, (0.0, 1.0), |a, b| a + b, |a, b| a * b))
    }, _ => for_integer!(dtype, T => {
        Ok(sum_of_products::<T>(loops, (0, 1), i128::wrapping_add, i128::wrapping_mul))
    }, _ => Err(Unsupported(format!("there is no kernel for Einsum on {dtype}")))))
}

fn sum_of_products<T: Number>(
    loops: EinsumLoops,
    (zero, one): (T::Wide, T::Wide),
    add: impl Fn(T::Wide, T::Wide) -> T::Wide + Copy + Send + Sync + 'static,
    multiply: impl Fn(T::Wide, T::Wide) -> T::Wide + Copy + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    let EinsumLoops { output: sizes, summed, strides } = loops;
    let count: usize = summed.iter().product();
    by_pieces(move |inputs, start, output: &mut [T]| {
        for (number, output) in (start..).zip(output) {
            let mut sum = zero;
            for step in 0..count {
                let mut product = one;
                for (index, strides) in strides.iter().enumerate() {
                    let (own, within) = strides.split_at(sizes.len());
                    let place = place(&sizes, own, number) + place(&summed, within, step);
                    product = multiply(product, elements::<T>(inputs, index)[place].wide());
                }
                sum = add(sum, product);
            }
            *output = T::narrow(sum);
        }
    })
}

/// The place to which the indices that have this number, counted through all sizes, lead by these strides.
fn place(sizes: &[usize], strides: &[usize], number: usize) -> usize {
    let (mut rest, mut place) = (number, 0);
    for (size, stride) in sizes.iter().zip(strides).rev() {
        place += rest % size * stride;
        rest /= size;
    }
    place
}
