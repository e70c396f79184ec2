//! Convolutions of 8-bit integers, summed in 32 bits.

use tachy_graph::op::quantized_convolution::{ConvInteger, QLinearConv};
use tachy_graph::op::window::Window;
use tachy_graph::{DType, TensorView, TensorViewMut};

use super::columns::{gather, tile, tiles};
use crate::kernel::{DataError, Kernel, Operands, Prepared};
use crate::kernels::geometry::Geometry;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare_integer(op: &ConvInteger, operands: Operands<'_>) -> Prepared {
    let w = operands.input(1).shape.clone();
    Ok(Box::new(Integer { sums: Sums::new(&op.window, op.groups, operands, &w) }))
}

pub(in crate::kernels) fn prepare_quantized(op: &QLinearConv, operands: Operands<'_>) -> Prepared {
    let w = operands.input(3).shape.clone();
    let sums = Sums::new(&op.window, op.groups, operands, &w);
    let accumulator = vec![0; operands.outputs[0].shape.iter().product()];
    Ok(Box::new(Quantized { sums, accumulator }))
}

/// The sums Σ (x − x₀)(w − w₀).
struct Sums {
    geometry: Geometry,
    groups: usize,
    channels: usize,
    filters: usize,
    tile: usize,
    columns: Vec<i32>,
}

impl Sums {
    fn new(window: &Window, groups: usize, operands: Operands<'_>, w: &[usize]) -> Self {
        let x = operands.input(0);
        let geometry = Geometry::new(&x.shape[2..], &operands.outputs[0].shape[2..], window);
        let rows = w[1] * geometry.taps();
        let tile = tile(rows, geometry.positions());
        Self {
            groups,
            channels: w[1],
            filters: w[0] / groups,
            tile,
            columns: vec![0; rows * tile],
            geometry,
        }
    }

    fn compute(
        &mut self,
        workers: &Workers,
        (x, x_zero): (TensorView<'_>, Option<TensorView<'_>>),
        (w, w_zero): (TensorView<'_>, Option<TensorView<'_>>),
        y: &mut [i32],
    ) {
        if y.is_empty() {
            return;
        }
        let (x_value, w_value) = (value_of(x.dtype), value_of(w.dtype));
        let x_zero = x_zero.map_or(0, |zero| x_value(zero.bytes[0]));
        let w_zero = |filter: usize| {
            w_zero.map_or(0, |zero| {
                w_value(zero.bytes[if zero.bytes.len() > 1 { filter } else { 0 }])
            })
        };
        let positions = self.geometry.positions();
        let rows = self.channels * self.geometry.taps();
        let image = self.channels * self.geometry.image_size();
        y.fill(0);
        for (index, y) in y.chunks_exact_mut(self.filters * positions).enumerate() {
            let first = index % self.groups * self.filters;
            let x = &x.bytes[index * image..][..image];
            for range in tiles(positions, self.tile) {
                let columns = &mut self.columns[..rows * range.len()];
                gather(workers, &self.geometry, x, range.clone(), columns, |byte| {
                    x_value(byte) - x_zero
                });
                let columns = &*columns;
                workers.for_each_chunk(y, positions, |filter, y| {
                    let filter = first + filter;
                    let (y, zero) = (&mut y[range.clone()], w_zero(filter));
                    let weights = &w.bytes[filter * rows..][..rows];
                    for (weight, column) in weights.iter().zip(columns.chunks_exact(range.len())) {
                        let weight = w_value(*weight) - zero;
                        for (y, x) in y.iter_mut().zip(column) {
                            *y = y.wrapping_add(weight.wrapping_mul(*x));
                        }
                    }
                });
            }
        }
    }
}

/// What a byte stands for.
fn value_of(dtype: DType) -> fn(u8) -> i32 {
    match dtype {
        DType::I8 => |byte| i32::from(byte as i8),
        _ => i32::from,
    }
}

struct Integer {
    sums: Sums,
}

impl Kernel for Integer {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let given = |index: usize| inputs.get(index).copied().flatten();
        let x = (inputs[0].expect("required"), given(2));
        let w = (inputs[1].expect("required"), given(3));
        let y = outputs[0].as_mut_slice::<i32>().expect("the type rule says i32");
        self.sums.compute(workers, x, w, y);
        Ok(())
    }
}

struct Quantized {
    sums: Sums,
    accumulator: Vec<i32>,
}

impl Kernel for Quantized {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let required = |index: usize| inputs[index].expect("required");
        let scales = |index: usize| required(index).as_slice::<f32>().expect("scales are f32");
        let (x_scale, w_scales, y_scale) = (scales(1)[0], scales(4), scales(6)[0]);
        let x = (required(0), Some(required(2)));
        let w = (required(3), Some(required(5)));
        self.sums.compute(workers, x, w, &mut self.accumulator);
        let bias = inputs.get(8).copied().flatten();
        let bias = bias.map(|bias| bias.as_slice::<i32>().expect("the bias is i32"));
        let filters = self.sums.filters * self.sums.groups;
        let positions = self.sums.geometry.positions();
        let output = &mut outputs[0];
        let signed = output.dtype == DType::I8;
        let y_zero = value_of(output.dtype)(required(7).bytes[0]) as f32;
        let (low, high) = if signed { (-128.0, 127.0) } else { (0.0, 255.0) };
        let accumulator = &self.accumulator;
        workers.for_each_chunk(output.bytes, positions, |index, y| {
            let filter = index % filters;
            let w_scale = w_scales[if w_scales.len() > 1 { filter } else { 0 }];
            let multiplier = x_scale * w_scale / y_scale;
            let bias = bias.map_or(0, |bias| bias[filter]);
            for (y, sum) in y.iter_mut().zip(&accumulator[index * positions..]) {
                let value = sum.wrapping_add(bias) as f32 * multiplier;
                let value = (value.round_ties_even() + y_zero).clamp(low, high);
                *y = if signed { value as i8 as u8 } else { value as u8 };
            }
        });
        Ok(())
    }
}
