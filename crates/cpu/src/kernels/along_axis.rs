//! Operators that look at the elements along one dimension: `ArgMax`, `CumSum`, `Softmax`, `TopK`.

use std::cmp::Ordering;

use num_traits::{Float as _, One, Zero};
use tachy_graph::op::reduction::{ArgExtremum, Cumulative, Softmax, SoftmaxKind, TopK};
use tachy_graph::{Element, TensorViewMut};

use super::number::{Float, Number, for_float, for_integer, for_number};
use super::views::{PIECE, Views, by_pieces, count, elements, elements_mut, for_each_piece};
use crate::kernel::{DataError, FnKernel, Kernel, Operands, Prepared, Unsupported};
use crate::workers::Workers;

/// A tensor seen as lines along one of its dimensions.
#[derive(Debug, Clone, Copy)]
struct Lines {
    /// Elements along the dimension.
    size: usize,
    /// The distance between neighbours along it: the size of all dimensions within.
    stride: usize,
}

impl Lines {
    fn new(shape: &[usize], axis: usize) -> Self {
        Self { size: shape[axis], stride: count(&shape[axis + 1..]) }
    }

    /// The place of the first element of a line.
    fn first(self, line: usize) -> usize {
        line / self.stride * self.stride * self.size + line % self.stride
    }
}

fn missing(op: impl std::fmt::Debug, dtype: tachy_graph::DType) -> Unsupported {
    Unsupported(format!("there is no kernel for {op:?} on {dtype}"))
}

pub(super) fn prepare_arg_extremum(op: ArgExtremum, operands: Operands<'_>) -> Prepared {
    let input = operands.input(0);
    let lines = Lines::new(&input.shape, op.axis);
    for_number!(input.dtype, T => Ok(arg_extremum::<T>(op, lines)), _ => Err(missing(op, input.dtype)))
}

fn arg_extremum<T: Number>(op: ArgExtremum, lines: Lines) -> Box<dyn Kernel> {
    by_pieces(move |inputs, start, output: &mut [i64]| {
        let input = elements::<T>(inputs, 0);
        for (line, output) in (start..).zip(output) {
            let first = lines.first(line);
            let (mut best, mut best_at) = (input[first], 0);
            for step in 1..lines.size {
                let x = input[first + step * lines.stride];
                let better = match compare(x, best) {
                    Ordering::Greater => op.largest || is_nan(x),
                    Ordering::Less => !op.largest && !is_nan(best),
                    Ordering::Equal => op.select_last,
                };
                if better {
                    (best, best_at) = (x, step);
                }
            }
            *output = best_at as i64;
        }
    })
}

fn is_nan<T: PartialOrd>(x: T) -> bool {
    x.partial_cmp(&x).is_none()
}

/// The order of numbers, with NaN above all others.
fn compare<T: PartialOrd + Copy>(a: T, b: T) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| is_nan(a).cmp(&is_nan(b)))
}

pub(super) fn prepare_cumulative(op: Cumulative, operands: Operands<'_>) -> Prepared {
    let input = operands.input(0);
    let lines = Lines::new(&input.shape, op.axis);
    let kernel = for_float!(input.dtype, T => Some(match op.product {
        false => cumulate::<T>(op, lines, 0.0, |a, b| a + b),
        true => cumulate::<T>(op, lines, 1.0, |a, b| a * b),
    }), _ => for_integer!(input.dtype, T => Some(match op.product {
        false => cumulate::<T>(op, lines, 0, i128::wrapping_add),
        true => cumulate::<T>(op, lines, 1, i128::wrapping_mul),
    }), _ => None));
    kernel.ok_or_else(|| missing(op, input.dtype))
}

fn cumulate<T: Number>(
    op: Cumulative,
    lines: Lines,
    start: T::Wide,
    join: impl Fn(T::Wide, T::Wide) -> T::Wide + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    by_whole_lines(lines, move |input: &[T], output: &mut [T], first| {
        let mut sum = start;
        for step in 0..lines.size {
            let step = if op.reverse { lines.size - 1 - step } else { step };
            let at = first + step * lines.stride;
            let next = join(sum, input[at].wide());
            output[at] = T::narrow(if op.exclusive { sum } else { next });
            sum = next;
        }
    })
}

/// A kernel that computes the output line by line; input and output have one shape. The closure gets a part of
/// both with whole lines in it, and the place of the line's first element in this part.
fn by_whole_lines<T: Element>(
    lines: Lines,
    compute: impl Fn(&[T], &mut [T], usize) + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    let group = lines.size.saturating_mul(lines.stride);
    let run = move |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let (input, output) = (elements::<T>(inputs, 0), elements_mut::<T>(outputs, 0));
        if output.is_empty() {
            return Ok::<(), DataError>(());
        }
        let length = workers.chunk_length(output.len(), PIECE).next_multiple_of(group);
        for_each_piece(workers, output, length, &|index, piece: &mut [T]| {
            let input = &input[index * length..][..piece.len()];
            for (input, output) in input.chunks(group).zip(piece.chunks_mut(group)) {
                (0..lines.stride).for_each(|first| compute(input, output, first));
            }
        });
        Ok(())
    };
    Box::new(FnKernel(run))
}

pub(super) fn prepare_softmax(op: Softmax, operands: Operands<'_>) -> Prepared {
    let input = operands.input(0);
    let lines = Lines::new(&input.shape, op.axis);
    for_float!(input.dtype, T => Ok(match op.kind {
        SoftmaxKind::Softmax => softmax::<T>(lines),
        SoftmaxKind::LogSoftmax => log_softmax::<T>(lines),
        SoftmaxKind::Hardmax => hardmax::<T>(lines),
    }), _ => Err(missing(op, input.dtype)))
}

/// The places of a line's elements.
fn places(lines: Lines, first: usize) -> impl Iterator<Item = usize> + Clone {
    (0..lines.size).map(move |step| first + step * lines.stride)
}

/// The largest element of a line; NaN if there is one.
fn largest<T: Float>(input: &[T], places: impl Iterator<Item = usize>) -> T::Real {
    places.map(|at| input[at].real()).fold(T::Real::neg_infinity(), |largest, x| {
        if largest > x || largest.is_nan() { largest } else { x }
    })
}

fn softmax<T: Float>(lines: Lines) -> Box<dyn Kernel> {
    by_whole_lines(lines, move |input: &[T], output: &mut [T], first| {
        let places = places(lines, first);
        let largest = largest(input, places.clone());
        let share = |at: usize| (input[at].real() - largest).exp();
        let sum = places.clone().map(share).fold(T::Real::zero(), |sum, x| sum + x);
        let scale = sum.recip();
        places.for_each(|at| output[at] = T::nearest(share(at) * scale));
    })
}

fn log_softmax<T: Float>(lines: Lines) -> Box<dyn Kernel> {
    by_whole_lines(lines, move |input: &[T], output: &mut [T], first| {
        let places = places(lines, first);
        let largest = largest(input, places.clone());
        let shifted = |at: usize| input[at].real() - largest;
        let sum = places.clone().map(|at| shifted(at).exp());
        let sum = sum.fold(T::Real::zero(), |sum, x| sum + x).ln();
        places.for_each(|at| output[at] = T::nearest(shifted(at) - sum));
    })
}

fn hardmax<T: Float>(lines: Lines) -> Box<dyn Kernel> {
    by_whole_lines(lines, move |input: &[T], output: &mut [T], first| {
        let places = places(lines, first);
        let largest = largest(input, places.clone());
        let mut found = false;
        places.for_each(|at| {
            let x = input[at].real();
            let hit = !found && (x == largest || x.is_nan());
            found |= hit;
            output[at] = T::nearest(if hit { T::Real::one() } else { T::Real::zero() });
        });
    })
}

pub(super) fn prepare_top_k(op: TopK, operands: Operands<'_>) -> Prepared {
    let input = operands.input(0);
    let lines = Lines::new(&input.shape, op.axis);
    for_number!(input.dtype, T => Ok(top_k::<T>(op, lines)), _ => Err(missing(op, input.dtype)))
}

fn top_k<T: Number>(op: TopK, lines: Lines) -> Box<dyn Kernel> {
    let mut order: Vec<usize> = vec![0; lines.size];
    let run = move |_: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let input = elements::<T>(inputs, 0);
        let Some((values, indices)) = outputs.split_at_mut_checked(1) else { return Ok(()) };
        let values = elements_mut::<T>(values, 0);
        let indices = elements_mut::<i64>(indices, 0);
        if values.is_empty() {
            return Ok::<(), DataError>(());
        }
        for line in 0..values.len() / op.k {
            let first = lines.first(line);
            let at = |index: usize| input[first + index * lines.stride];
            let better = |a: &usize, b: &usize| {
                let order = compare(at(*a), at(*b));
                let order = if op.largest { order.reverse() } else { order };
                order.then(a.cmp(b))
            };
            order.iter_mut().enumerate().for_each(|(index, slot)| *slot = index);
            if op.k < order.len() {
                order.select_nth_unstable_by(op.k - 1, better);
            }
            let best = &mut order[..op.k];
            best.sort_unstable_by(better);
            let out = Lines { size: op.k, stride: lines.stride }.first(line);
            for (step, index) in best.iter().enumerate() {
                values[out + step * lines.stride] = at(*index);
                indices[out + step * lines.stride] = *index as i64;
            }
        }
        Ok(())
    };
    Box::new(FnKernel(run))
}
