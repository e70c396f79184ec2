//! Layer and root-mean-square normalisation: over the innermost dimensions.

use tachy_graph::op::normalization::{LayerNormalization, RmsNormalization};
use tachy_graph::shape::broadcast_strides;
use tachy_graph::{TensorView, TensorViewMut};

use super::mean_and_variance;
use crate::kernel::{FnKernel, Operands, Prepared};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

/// Which element of a scale or bias belongs to an element of the input.
enum Spread {
    /// The scale is repeated: its length.
    Repeated(usize),
    /// Anything else that broadcasts: the place for every element of the input.
    Table(Vec<usize>),
}

impl Spread {
    fn new(from: &[usize], to: &[usize]) -> Self {
        let ones = from.iter().take_while(|size| **size == 1).count();
        if to.ends_with(&from[ones..]) {
            return Self::Repeated(from.iter().product());
        }
        let strides = broadcast_strides(from, to);
        let mut table = vec![0];
        for (size, stride) in to.iter().zip(strides) {
            table =
                table.iter().flat_map(|base| (0..*size).map(move |i| base + i * stride)).collect();
        }
        Self::Table(table)
    }

    fn place(&self, element: usize) -> usize {
        match self {
            Self::Repeated(length) => element % length,
            Self::Table(table) => table[element],
        }
    }
}

pub(in crate::kernels) fn prepare_layer(
    op: &LayerNormalization,
    operands: Operands<'_>,
) -> Prepared {
    let op = *op;
    in_real!(operands, |operands: T| {
        let shape = &operands.input(0).shape;
        let size: usize = shape[op.axis..].iter().product();
        let scale_spread = Spread::new(&operands.input(1).shape, shape);
        let bias_spread = operands.get(2).map(|bias| Spread::new(&bias.ty.shape, shape));
        let rows: usize = shape[..op.axis].iter().product();
        let mut statistics = vec![[T::default(); 2]; rows];
        Ok(Box::new(FnKernel(
            move |workers: &Workers,
                  inputs: &[Option<TensorView<'_>>],
                  outputs: &mut [TensorViewMut<'_>]| {
                let x = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
                let scale = inputs[1].expect("required").as_slice::<T>().expect("prepared for T");
                let bias = inputs.get(2).copied().flatten();
                let bias = bias.map(|bias| bias.as_slice::<T>().expect("prepared for T"));
                let length = workers.chunk_length(statistics.len(), 1);
                workers.for_each_chunk(&mut statistics, length, |chunk, statistics| {
                    for (index, statistics) in statistics.iter_mut().enumerate() {
                        let x = &x[(chunk * length + index) * size..][..size];
                        let (mean, variance) = mean_and_variance(x.iter().map(|x| x.widen()));
                        let deviation = (variance + f64::from(op.epsilon)).sqrt();
                        *statistics = [T::of(mean), T::of(deviation.recip())];
                    }
                });
                for (index, output) in outputs.iter_mut().skip(1).enumerate() {
                    let output = output.as_mut_slice::<T>().expect("prepared for T");
                    for (output, statistics) in output.iter_mut().zip(&statistics) {
                        *output = statistics[index];
                    }
                }
                let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
                workers.for_each_chunk(y, size, |row, y| {
                    let [mean, inverse] = statistics[row];
                    let start = row * size;
                    for (index, (y, x)) in y.iter_mut().zip(&x[start..]).enumerate() {
                        let scale = scale[scale_spread.place(start + index)];
                        let bias = match (bias, &bias_spread) {
                            (Some(bias), Some(spread)) => bias[spread.place(start + index)],
                            _ => T::default(),
                        };
                        *y = (*x - mean) * inverse * scale + bias;
                    }
                });
                Ok(())
            },
        )))
    })
}

pub(in crate::kernels) fn prepare_rms(op: &RmsNormalization, operands: Operands<'_>) -> Prepared {
    let op = *op;
    in_real!(operands, |operands: T| {
        let shape = &operands.input(0).shape;
        let size: usize = shape[op.axis..].iter().product();
        let spread = Spread::new(&operands.input(1).shape, shape);
        Ok(Box::new(FnKernel(
            move |workers: &Workers,
                  inputs: &[Option<TensorView<'_>>],
                  outputs: &mut [TensorViewMut<'_>]| {
                let x = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
                let scale = inputs[1].expect("required").as_slice::<T>().expect("prepared for T");
                let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
                workers.for_each_chunk(y, size, |row, y| {
                    let start = row * size;
                    let x = &x[start..][..size];
                    let squares: f64 = x.iter().map(|x| x.widen() * x.widen()).sum();
                    let root = (squares / size as f64 + f64::from(op.epsilon)).sqrt();
                    let inverse = <T as Real>::of(root.recip());
                    for (index, (y, x)) in y.iter_mut().zip(x).enumerate() {
                        *y = *x * inverse * scale[spread.place(start + index)];
                    }
                });
                Ok(())
            },
        )))
    })
}
