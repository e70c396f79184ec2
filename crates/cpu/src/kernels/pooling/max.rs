//! The largest element of each window.

use std::marker::PhantomData;

use tachy_graph::op::pooling::MaxPool;
use tachy_graph::{DType, Element, TensorView, TensorViewMut};

use crate::kernel::{DataError, Kernel, Operands, Prepared};
use crate::kernels::geometry::Geometry;
use crate::promote::in_real;
use crate::workers::Workers;

/// Elements that have a largest.
trait Ordered: Element + PartialOrd {
    /// What every element is at least.
    const LOWEST: Self;

    /// Whether this element takes the other's place: it is larger, or NaN.
    fn beats(self, other: Self) -> bool {
        // A NaN is the only element that does not equal itself.
        #[allow(clippy::eq_op)]
        let nan = self != self;
        self > other || nan
    }
}

impl Ordered for f32 {
    const LOWEST: Self = f32::NEG_INFINITY;
}

impl Ordered for f64 {
    const LOWEST: Self = f64::NEG_INFINITY;
}

impl Ordered for i8 {
    const LOWEST: Self = i8::MIN;
}

impl Ordered for u8 {
    const LOWEST: Self = u8::MIN;
}

pub(in crate::kernels) fn prepare(op: &MaxPool, operands: Operands<'_>) -> Prepared {
    match operands.input(0).dtype {
        DType::I8 => Ok(max_pool::<i8>(op, operands)),
        DType::U8 => Ok(max_pool::<u8>(op, operands)),
        _ => in_real!(operands, |operands: T| Ok(max_pool::<T>(op, operands))),
    }
}

fn max_pool<T: Ordered>(op: &MaxPool, operands: Operands<'_>) -> Box<dyn Kernel> {
    let (x, y) = (operands.input(0), operands.outputs[0]);
    let geometry = Geometry::new(&x.shape[2..], &y.shape[2..], &op.window);
    Box::new(Max::<T> { geometry, column_major: op.column_major, element: PhantomData })
}

struct Max<T> {
    geometry: Geometry,
    column_major: bool,
    element: PhantomData<fn() -> T>,
}

impl<T: Ordered> Kernel for Max<T> {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let x = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
        let geometry = &self.geometry;
        let (positions, size) = (geometry.positions(), geometry.image_size());
        let (y, indices) = outputs.split_at_mut(1);
        let y = y[0].as_mut_slice::<T>().expect("prepared for T");
        workers.for_each_chunk(y, positions, |channel, y| {
            let x = &x[channel * size..][..size];
            y.fill(T::LOWEST);
            for tap in 0..geometry.taps() {
                geometry.for_each_segment(tap, 0..positions, |segment| {
                    for (y, x) in y[segment.range()].iter_mut().zip(segment.elements(x)) {
                        if x.beats(*y) {
                            *y = x;
                        }
                    }
                });
            }
        });
        if let [indices] = indices {
            let indices = indices.as_mut_slice::<i64>().expect("the type rule says i64");
            workers.for_each_chunk(indices, positions, |channel, indices| {
                self.find(&x[channel * size..][..size], channel, indices);
            });
        }
        Ok(())
    }
}

impl<T: Ordered> Max<T> {
    /// The place of the largest element of each window of one channel, as a flat index into the whole tensor.
    fn find(&self, x: &[T], channel: usize, indices: &mut [i64]) {
        const NONE: i64 = -1;
        indices.fill(NONE);
        for tap in 0..self.geometry.taps() {
            self.geometry.for_each_segment(tap, 0..indices.len(), |segment| {
                for (step, index) in indices[segment.range()].iter_mut().enumerate() {
                    let place = segment.image + step * segment.step;
                    let best = usize::try_from(*index).ok().map(|best| x[best]);
                    if best.is_none_or(|best| x[place].beats(best) && !best.beats(best)) {
                        *index = place as i64;
                    }
                }
            });
        }
        let size = x.len() as i64;
        for index in indices.iter_mut().filter(|index| **index != NONE) {
            let place = if self.column_major { self.column_major_index(*index) } else { *index };
            *index = channel as i64 * size + place;
        }
    }

    /// The index of a row-major index's element when the first spatial dimension is counted fastest.
    fn column_major_index(&self, mut index: i64) -> i64 {
        let image = self.geometry.image();
        let mut stride = image.iter().map(|size| *size as i64).product::<i64>();
        let mut result = 0;
        for size in image.iter().rev().map(|size| *size as i64) {
            stride /= size;
            result += index % size * stride;
            index /= size;
        }
        result
    }
}
