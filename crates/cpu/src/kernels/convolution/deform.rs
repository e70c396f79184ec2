//! Convolution at sampling points that an input moves.

use tachy_graph::op::convolution::DeformConv;
use tachy_graph::{TensorView, TensorViewMut};

use super::conv::start_from_bias;
use crate::kernel::{DataError, Kernel, Operands, Prepared};
use crate::matrix::{Matrix, MatrixMut, multiply};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare(op: &DeformConv, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| {
        let (x, w, y) = (operands.input(0), operands.input(1), operands.outputs[0]);
        let taps: usize = op.window.kernel.iter().product();
        let rows = w.shape[1] * taps;
        Ok(Box::new(Deformed::<T> {
            op: op.clone(),
            channels: x.shape[1],
            image: [x.shape[2], x.shape[3]],
            positions: [y.shape[2], y.shape[3]],
            filters: w.shape[0] / op.groups,
            columns: vec![T::default(); rows * y.shape[2] * y.shape[3]],
        }))
    })
}

struct Deformed<T> {
    op: DeformConv,
    /// Channels of the input.
    channels: usize,
    image: [usize; 2],
    positions: [usize; 2],
    /// Channels of the output in one group.
    filters: usize,
    columns: Vec<T>,
}

impl<T: Real> Kernel for Deformed<T> {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let given = |index: usize| {
            let view = inputs.get(index).copied().flatten();
            view.map(|view| view.as_slice::<T>().expect("prepared for T"))
        };
        let required = |index: usize| given(index).expect("required");
        let (x, w, offsets, bias, mask) =
            (required(0), required(1), required(2), given(3), given(4));
        let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
        if y.is_empty() {
            return Ok(());
        }
        let Self { op, channels, image, positions, filters, columns } = self;
        let (count, size) = (positions[0] * positions[1], image[0] * image[1]);
        let taps: usize = op.window.kernel.iter().product();
        let group_channels = *channels / op.groups;
        let rows = group_channels * taps;
        let offset_channels = *channels / op.offset_groups;
        start_from_bias(y, bias, count);
        for (index, y) in y.chunks_exact_mut(*filters * count).enumerate() {
            let (batch, group) = (index / op.groups, index % op.groups);
            workers.for_each_chunk(columns, count, |row, columns| {
                let channel = group * group_channels + row / taps;
                let tap = row % taps;
                let plane = &x[(batch * *channels + channel) * size..][..size];
                // The place of this tap's offsets and mask among those of its group of channels.
                let group_tap = (batch * op.offset_groups + channel / offset_channels) * taps + tap;
                let down = &offsets[2 * group_tap * count..][..count];
                let right = &offsets[(2 * group_tap + 1) * count..][..count];
                let start = |axis: usize, tap: usize, position: usize| {
                    let window = &op.window;
                    T::of(
                        (position * window.strides[axis] + tap * window.dilations[axis]) as f64
                            - window.pads_begin[axis] as f64,
                    )
                };
                let width = op.window.kernel[1];
                for (position, column) in columns.iter_mut().enumerate() {
                    let (i, j) = (position / positions[1], position % positions[1]);
                    let height = start(0, tap / width, i) + down[position];
                    let across = start(1, tap % width, j) + right[position];
                    let value = bilinear(plane, *image, height, across);
                    *column = match mask {
                        Some(mask) => value * mask[group_tap * count + position],
                        None => value,
                    };
                }
            });
            multiply(
                workers,
                true,
                Matrix::new(&w[group * *filters * rows..], *filters, rows, rows),
                Matrix::new(columns, rows, count, count),
                MatrixMut::new(y, *filters, count, count),
            );
        }
        Ok(())
    }
}

/// The image between its elements, zero outside.
fn bilinear<T: Real>(plane: &[T], [height, width]: [usize; 2], y: T, x: T) -> T {
    let (top, left) = (y.floor(), x.floor());
    let (down, right) = (y - top, x - left);
    let element = |y: T, x: T| {
        let inside = |place: T, size: usize| place.to_usize().filter(|place| *place < size);
        match (inside(y, height), inside(x, width)) {
            (Some(y), Some(x)) => plane[y * width + x],
            _ => T::zero(),
        }
    };
    let (bottom, end) = (top + T::one(), left + T::one());
    (T::one() - down) * ((T::one() - right) * element(top, left) + right * element(top, end))
        + down * ((T::one() - right) * element(bottom, left) + right * element(bottom, end))
}
