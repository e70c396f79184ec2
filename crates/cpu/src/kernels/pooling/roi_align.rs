//! Regions of an image, resampled to one size.

use tachy_graph::op::pooling::RoiAlign;
use tachy_graph::{TensorView, TensorViewMut};

use crate::kernel::{DataError, FnKernel, Operands, Prepared};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare(op: &RoiAlign, operands: Operands<'_>) -> Prepared {
    let op = *op;
    in_real!(operands, |operands: T| {
        let shape = operands.input(0).shape.clone();
        let (batch, channels, size) = (shape[0], shape[1], shape[2] * shape[3]);
        Ok(Box::new(FnKernel(
            move |workers: &Workers,
                  inputs: &[Option<TensorView<'_>>],
                  outputs: &mut [TensorViewMut<'_>]| {
                let x = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
                let regions = inputs[1].expect("required");
                let regions = regions.as_slice::<T>().expect("prepared for T");
                let images = inputs[2].expect("required");
                let images = images.as_slice::<i64>().expect("the type rule says i64");
                let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
                let outside =
                    |image: &&i64| !usize::try_from(**image).is_ok_and(|image| image < batch);
                if let Some(image) = images.iter().find(outside) {
                    return Err(DataError(format!(
                        "image {image} is outside of a batch of {batch}"
                    )));
                }
                workers.for_each_chunk(y, op.height * op.width, |index, y| {
                    let (region, channel) = (index / channels, index % channels);
                    let plane = (images[region] as usize * channels + channel) * size;
                    let region = &regions[4 * region..][..4];
                    align(&op, &x[plane..][..size], [shape[2], shape[3]], region, y);
                });
                Ok(())
            },
        )))
    })
}

fn align<T: Real>(op: &RoiAlign, plane: &[T], image: [usize; 2], region: &[T], y: &mut [T]) {
    let scale = T::of(f64::from(op.spatial_scale));
    let shift = T::of(if op.half_pixel { 0.5 } else { 0.0 });
    let [left, top, right, bottom] = [0, 1, 2, 3].map(|index| region[index] * scale - shift);
    // Without half-pixel coordinates a region is at least one element large.
    let extent = |start: T, end: T| {
        if op.half_pixel { end - start } else { (end - start).max(T::one()) }
    };
    let bin = |extent: T, count: usize| extent / T::of(count as f64);
    let bin_height = bin(extent(top, bottom), op.height);
    let bin_width = bin(extent(left, right), op.width);
    let samples = |bin: T| match op.sampling_ratio {
        // A region may claim any size; more samples than elements in the image add nothing.
        0 => bin.ceil().to_usize().unwrap_or(0).min(plane.len()),
        ratio => ratio,
    };
    let (rows, columns) = (samples(bin_height), samples(bin_width));
    for (index, y) in y.iter_mut().enumerate() {
        let place = |start: T, bin: T, position: usize, sample: usize, samples: usize| {
            let within = (sample as f64 + 0.5) / samples as f64;
            start + bin * (T::of(position as f64) + T::of(within))
        };
        let (mut sum, mut largest) = (T::zero(), T::neg_infinity());
        for row in 0..rows {
            let y = place(top, bin_height, index / op.width, row, rows);
            for column in 0..columns {
                let x = place(left, bin_width, index % op.width, column, columns);
                let corners = corners(plane, image, y, x);
                sum += corners.into_iter().sum();
                largest = corners.into_iter().fold(largest, T::max);
            }
        }
        *y = match (op.max, rows * columns) {
            (_, 0) => T::zero(),
            // As ONNX defines it: the largest weighted corner, not the largest interpolated value.
            (true, _) => largest,
            (false, count) => sum / T::of(count as f64),
        };
    }
}

/// The four elements around a point, each times its weight in bilinear interpolation.
fn corners<T: Real>(plane: &[T], [height, width]: [usize; 2], y: T, x: T) -> [T; 4] {
    let outside = |place: T, size: usize| !(place >= -T::one() && place <= T::of(size as f64));
    if plane.is_empty() || outside(y, height) || outside(x, width) {
        return [T::zero(); 4];
    }
    let neighbours = |place: T, size: usize| {
        let place = place.max(T::zero());
        let low = place.floor().to_usize().unwrap_or(0).min(size - 1);
        let weight = if low == size - 1 { T::zero() } else { place - T::of(low as f64) };
        (low, (low + 1).min(size - 1), weight)
    };
    let (top, bottom, down) = neighbours(y, height);
    let (left, end, right) = neighbours(x, width);
    let (up, back) = (T::one() - down, T::one() - right);
    [
        up * back * plane[top * width + left],
        up * right * plane[top * width + end],
        down * back * plane[bottom * width + left],
        down * right * plane[bottom * width + end],
    ]
}
