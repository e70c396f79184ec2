//! Writing at indices.

use half::{bf16, f16};
use tachy_graph::op::scattering::{
    ScatterElements, ScatterNd, ScatterReduction as Reduction, TensorScatter,
};
use tachy_graph::{DType, Element, TensorType, TensorView, TensorViewMut};

use super::places::{ElementPlaces, SlicePlaces};
use crate::kernel::{DataError, FnKernel, Operands, Prepared, Unsupported};
use crate::workers::Workers;

pub(super) fn prepare_scatter_elements(op: ScatterElements, operands: Operands<'_>) -> Prepared {
    let (data, indices) = (operands.input(0), operands.input(1));
    let mut places = ElementPlaces::new(&data.shape, &indices.shape, op.axis);
    let mut write = writer(op.reduction, data)?;
    Ok(Box::new(FnKernel(
        move |_: &Workers, inputs: &[Option<TensorView<'_>>], outputs: &mut [TensorViewMut<'_>]| {
            let [data, indices, updates] = three(inputs);
            write(data, places.resolve(indices)?, 1, updates, &mut outputs[0]);
            Ok(())
        },
    )))
}

pub(super) fn prepare_scatter_nd(op: ScatterNd, operands: Operands<'_>) -> Prepared {
    let (data, indices) = (operands.input(0), operands.input(1));
    let mut places = SlicePlaces::new(&data.shape, &indices.shape, 0);
    let mut write = writer(op.reduction, data)?;
    Ok(Box::new(FnKernel(
        move |_: &Workers, inputs: &[Option<TensorView<'_>>], outputs: &mut [TensorViewMut<'_>]| {
            let [data, indices, updates] = three(inputs);
            let slice = places.slice;
            write(data, places.resolve(indices)?, slice, updates, &mut outputs[0]);
            Ok(())
        },
    )))
}

fn three<'a>(inputs: &[Option<TensorView<'a>>]) -> [TensorView<'a>; 3] {
    [0, 1, 2].map(|index| inputs[index].expect("the type rule requires all three"))
}

/// Writes the data, and over it, at each place, a slice of the updates of so many elements.
type Writer =
    Box<dyn FnMut(TensorView<'_>, &[usize], usize, TensorView<'_>, &mut TensorViewMut<'_>) + Send>;

fn writer(reduction: Reduction, data: &TensorType) -> Result<Writer, Unsupported> {
    if reduction == Reduction::Replace {
        let width = data.dtype.size();
        return Ok(Box::new(move |data, places, slice, updates, output| {
            let output = &mut *output.bytes;
            output.copy_from_slice(data.bytes);
            let length = slice * width;
            if length > 0 {
                for (place, update) in places.iter().zip(updates.bytes.chunks_exact(length)) {
                    output[place * width..][..length].copy_from_slice(update);
                }
            }
        }));
    }
    let count = data.shape.iter().product();
    match data.dtype {
        DType::F32 => Ok(reduce::<f32>(reduction)),
        DType::F64 => Ok(reduce::<f64>(reduction)),
        DType::F16 => Ok(reduce_wide(reduction, count, f16::to_f32, f16::from_f32)),
        DType::BF16 => Ok(reduce_wide(reduction, count, bf16::to_f32, bf16::from_f32)),
        DType::I8 => Ok(reduce::<i8>(reduction)),
        DType::U8 => Ok(reduce::<u8>(reduction)),
        DType::I16 => Ok(reduce::<i16>(reduction)),
        DType::U16 => Ok(reduce::<u16>(reduction)),
        DType::I32 => Ok(reduce::<i32>(reduction)),
        DType::U32 => Ok(reduce::<u32>(reduction)),
        DType::I64 => Ok(reduce::<i64>(reduction)),
        DType::U64 => Ok(reduce::<u64>(reduction)),
        other => Err(Unsupported(format!("there is no arithmetic on {other}"))),
    }
}

fn reduce<T: Combine + Element>(reduction: Reduction) -> Writer {
    Box::new(move |data, places, slice, updates, output| {
        output.bytes.copy_from_slice(data.bytes);
        let updates = updates.as_slice::<T>().expect("prepared for T");
        let output = output.as_mut_slice::<T>().expect("prepared for T");
        combine_slices(reduction, places, slice, updates.iter().copied(), output);
    })
}

/// As [`reduce`], in `f32`, rounded once at the end.
fn reduce_wide<T: Element>(
    reduction: Reduction,
    count: usize,
    widen: fn(T) -> f32,
    narrow: fn(f32) -> T,
) -> Writer {
    let mut sums = vec![0f32; count];
    Box::new(move |data, places, slice, updates, output| {
        let data = data.as_slice::<T>().expect("prepared for T");
        for (sum, data) in sums.iter_mut().zip(data) {
            *sum = widen(*data);
        }
        let updates = updates.as_slice::<T>().expect("prepared for T");
        combine_slices(reduction, places, slice, updates.iter().copied().map(widen), &mut sums);
        let output = output.as_mut_slice::<T>().expect("prepared for T");
        for (output, sum) in output.iter_mut().zip(&sums) {
            *output = narrow(*sum);
        }
    })
}

fn combine_slices<T: Combine>(
    reduction: Reduction,
    places: &[usize],
    slice: usize,
    mut updates: impl Iterator<Item = T>,
    output: &mut [T],
) {
    for place in places {
        for (element, update) in output[*place..][..slice].iter_mut().zip(updates.by_ref()) {
            *element = match reduction {
                Reduction::Replace => update,
                Reduction::Add => element.sum(update),
                Reduction::Mul => element.product(update),
                Reduction::Min => element.smaller(update),
                Reduction::Max => element.larger(update),
            };
        }
    }
}

/// The arithmetic of reductions: integers wrap, NaN wins.
trait Combine: Copy {
    fn sum(self, other: Self) -> Self;
    fn product(self, other: Self) -> Self;
    fn smaller(self, other: Self) -> Self;
    fn larger(self, other: Self) -> Self;
}

macro_rules! combine_integers {
    ($($rust:ty)*) => {$(
        impl Combine for $rust {
            fn sum(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            fn product(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            fn smaller(self, other: Self) -> Self {
                self.min(other)
            }
            fn larger(self, other: Self) -> Self {
                self.max(other)
            }
        }
    )*};
}

macro_rules! combine_floats {
    ($($rust:ty)*) => {$(
        impl Combine for $rust {
            fn sum(self, other: Self) -> Self {
                self + other
            }
            fn product(self, other: Self) -> Self {
                self * other
            }
            fn smaller(self, other: Self) -> Self {
                if self.is_nan() || self < other { self } else { other }
            }
            fn larger(self, other: Self) -> Self {
                if self.is_nan() || self > other { self } else { other }
            }
        }
    )*};
}

combine_integers!(i8 u8 i16 u16 i32 u32 i64 u64);
combine_floats!(f32 f64);

pub(super) fn prepare_tensor_scatter(op: TensorScatter, operands: Operands<'_>) -> Prepared {
    let (cache, update) = (operands.input(0), operands.input(1));
    let row = cache.shape[op.axis + 1..].iter().product::<usize>() * cache.dtype.size();
    let (steps, new_steps) = (cache.shape[op.axis], update.shape[op.axis]);
    let sequences_per_batch: usize = cache.shape[1..op.axis].iter().product();
    Ok(Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            let cache = inputs[0].expect("the type rule requires it").bytes;
            let update = inputs[1].expect("the type rule requires it").bytes;
            let starts = inputs
                .get(2)
                .copied()
                .flatten()
                .map(|starts| starts.as_slice::<i64>().expect("the type rule requires i64"));
            let last_start = if op.circular { i64::MAX } else { (steps - new_steps) as i64 };
            let beyond = |start: &&i64| !(0..=last_start).contains(*start);
            if let Some(start) = starts.unwrap_or(&[]).iter().find(beyond) {
                return Err(DataError(format!(
                    "{new_steps} steps cannot be written from {start} on into a cache of {steps}"
                )));
            }
            workers.for_each_chunk(outputs[0].bytes, steps * row, |sequence, output| {
                let batch = sequence / sequences_per_batch;
                output.copy_from_slice(&cache[sequence * steps * row..][..steps * row]);
                let start = starts.map_or(0, |starts| starts[batch] as usize % steps);
                let update = &update[sequence * new_steps * row..][..new_steps * row];
                // What does not fit before the end goes on at the start.
                let (head, tail) = update.split_at((steps - start).min(new_steps) * row);
                output[start * row..][..head.len()].copy_from_slice(head);
                output[..tail.len()].copy_from_slice(tail);
            });
            Ok(())
        },
    )))
}
