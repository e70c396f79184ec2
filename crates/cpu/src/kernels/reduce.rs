//! `Reduce`: elements along some dimensions combined into one.
//!
//! Sums, products and norms are computed in `f64`, or in `i128` for integers, and rounded once.

use bytemuck::Pod;
use tachy_graph::op::reduction::{Reduce, ReduceKind};
use tachy_graph::shape::contiguous_strides;
use tachy_graph::{DType, TensorViewMut};

use super::number::{Float, Integer, Number, for_float, for_integer};
use super::views::{Views, bits, for_each_piece};
use crate::kernel::{DataError, FnKernel, Kernel, Operands, Prepared, Unsupported};
use crate::workers::Workers;

/// Output elements that are computed side by side where their inputs are neighbours.
const BLOCK: usize = 64;

/// Input elements to a piece of work.
const PIECE: usize = 32 * 1024;

pub(super) fn prepare(op: &Reduce, operands: Operands<'_>) -> Prepared {
    let input = operands.input(0);
    let layout = Layout::new(&input.shape, &op.axes);
    let kernel = for_float!(input.dtype, T => Some(float::<T>(op.kind, layout)), _ => {
        for_integer!(input.dtype, T => Some(integer::<T>(op.kind, layout)), _ => match op.kind {
            // Booleans are the bytes 0 and 1.
            ReduceKind::Max if input.dtype == DType::Bool => {
                Some(reduce(layout, |x: u8| x, 0, u8::max, |x, _| x))
            }
            ReduceKind::Min if input.dtype == DType::Bool => {
                Some(reduce(layout, |x: u8| x, 1, u8::min, |x, _| x))
            }
            _ => None,
        })
    });
    let missing =
        || Unsupported(format!("there is no kernel for {:?} on {}", op.kind, input.dtype));
    kernel.ok_or_else(missing)
}

/// Where the input's elements lie: neighbouring dimensions that are all reduced, or all kept, are one.
struct Layout {
    /// Size and stride of the dimensions that are kept, outermost first, without `inner`.
    kept: Vec<(usize, usize)>,
    /// Size and stride of the dimensions that are reduced, outermost first, without `run`.
    reduced: Vec<(usize, usize)>,
    /// How many neighbours belong to neighbouring outputs; 1 if the innermost dimension is reduced.
    inner: usize,
    /// The innermost reduced dimension: its size, and its stride.
    run: (usize, usize),
}

impl Layout {
    fn new(shape: &[usize], axes: &[usize]) -> Self {
        let mut joined: Vec<(bool, usize, usize)> = Vec::new();
        for (axis, (&size, stride)) in shape.iter().zip(contiguous_strides(shape)).enumerate() {
            let reduced = axes.contains(&axis);
            match joined.last_mut() {
                Some(last) if last.0 == reduced => {
                    *last = (reduced, last.1.saturating_mul(size), stride);
                }
                _ => joined.push((reduced, size, stride)),
            }
        }
        let mut inner = 1;
        if let Some((false, size, _)) = joined.last() {
            inner = *size;
            joined.pop();
        }
        let part = |wanted: bool| {
            let part = joined.iter().filter(move |(reduced, ..)| *reduced == wanted);
            part.map(|(_, size, stride)| (*size, *stride)).collect::<Vec<_>>()
        };
        let (kept, mut reduced) = (part(false), part(true));
        let run = reduced.pop().unwrap_or((1, 1));
        Self { kept, reduced, inner, run }
    }

    /// How many elements are combined into one.
    fn count(&self) -> usize {
        self.run.0.saturating_mul(self.runs())
    }

    /// How many runs these elements are.
    fn runs(&self) -> usize {
        self.reduced.iter().fold(1, |runs, (size, _)| runs.saturating_mul(*size))
    }

    /// Calls `visit` with the place of every first element of a run for one output.
    fn for_each_run(&self, base: usize, mut visit: impl FnMut(usize)) {
        // A dimension of size 0 leaves nothing to visit, however many runs there are.
        let runs = if self.run.0 == 0 { 0 } else { self.runs() };
        for run in 0..runs {
            visit(base + place(&self.reduced, run));
        }
    }
}

/// The place of the element with this number among all in these dimensions.
fn place(dimensions: &[(usize, usize)], number: usize) -> usize {
    let (mut rest, mut place) = (number, 0);
    for (size, stride) in dimensions.iter().rev() {
        place += rest % size * stride;
        rest /= size;
    }
    place
}

/// The kernel that widens each element, joins what was widened, and finishes with the number of elements.
fn reduce<T: Pod + Send + Sync, S: Copy + Send + Sync + 'static>(
    layout: Layout,
    widen: impl Fn(T) -> S + Copy + Send + Sync + 'static,
    start: S,
    join: impl Fn(S, S) -> S + Copy + Send + Sync + 'static,
    finish: impl Fn(S, usize) -> T + Copy + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    let count = layout.count();
    let run = move |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let input = bits::<T>(inputs, 0);
        let output: &mut [T] = bytemuck::cast_slice_mut(outputs[0].bytes);
        let (steps, stride) = layout.run;
        let length = workers.chunk_length(output.len(), (PIECE / count.max(1)).max(1));
        for_each_piece(workers, output, length, &|index, piece: &mut [T]| {
            let mut done = 0;
            while done < piece.len() {
                let number = index * length + done;
                let column = number % layout.inner;
                let base = place(&layout.kept, number / layout.inner) + column;
                let side = (layout.inner - column).min(piece.len() - done).min(BLOCK);
                let mut states = [start; BLOCK];
                let states = &mut states[..side];
                layout.for_each_run(base, |first| {
                    for step in 0..steps {
                        let row = &input[first + step * stride..][..side];
                        for (state, x) in states.iter_mut().zip(row) {
                            *state = join(*state, widen(*x));
                        }
                    }
                });
                for (output, state) in piece[done..].iter_mut().zip(states) {
                    *output = finish(*state, count);
                }
                done += side;
            }
        });
        Ok::<(), DataError>(())
    };
    Box::new(FnKernel(run))
}

fn float<T: Float + Pod>(kind: ReduceKind, layout: Layout) -> Box<dyn Kernel> {
    let wide = <T as Number>::wide;
    let sum = |a: f64, b: f64| a + b;
    match kind {
        ReduceKind::Sum => reduce(layout, wide, 0.0, sum, |sum, _| T::narrow(sum)),
        ReduceKind::Mean => {
            reduce(layout, wide, 0.0, sum, |sum, count| T::narrow(sum / count as f64))
        }
        ReduceKind::Prod => {
            reduce(layout, wide, 1.0, |a, b| a * b, |product, _| T::narrow(product))
        }
        ReduceKind::L1 => reduce(layout, |x: T| x.wide().abs(), 0.0, sum, |sum, _| T::narrow(sum)),
        ReduceKind::L2 => {
            let square = |x: T| x.wide() * x.wide();
            reduce(layout, square, 0.0, sum, |sum, _| T::narrow(sum.sqrt()))
        }
        ReduceKind::SumSquare => {
            let square = |x: T| x.wide() * x.wide();
            reduce(layout, square, 0.0, sum, |sum, _| T::narrow(sum))
        }
        ReduceKind::LogSum => reduce(layout, wide, 0.0, sum, |sum, _| T::narrow(sum.ln())),
        ReduceKind::LogSumExp => reduce(
            layout,
            |x: T| (x.wide(), 1.0),
            EMPTY,
            log_sum,
            |(largest, sum), _| T::narrow(largest + sum.ln()),
        ),
        ReduceKind::Max => {
            let larger = |a: f64, b: f64| if a > b || a.is_nan() { a } else { b };
            reduce(layout, wide, f64::NEG_INFINITY, larger, |largest, _| T::narrow(largest))
        }
        ReduceKind::Min => {
            let smaller = |a: f64, b: f64| if a < b || a.is_nan() { a } else { b };
            reduce(layout, wide, f64::INFINITY, smaller, |smallest, _| T::narrow(smallest))
        }
    }
}

fn integer<T: Integer + Pod>(kind: ReduceKind, layout: Layout) -> Box<dyn Kernel> {
    let wide = <T as Number>::wide;
    let sum = |a: i128, b: i128| a.wrapping_add(b);
    match kind {
        ReduceKind::Sum => reduce(layout, wide, 0, sum, |sum, _| T::narrow(sum)),
        ReduceKind::Mean => {
            reduce(layout, wide, 0, sum, |sum, count| T::narrow(sum / count.max(1) as i128))
        }
        ReduceKind::Prod => {
            reduce(layout, wide, 1, |a, b| a.wrapping_mul(b), |product, _| T::narrow(product))
        }
        ReduceKind::L1 => reduce(layout, |x: T| x.wide().abs(), 0, sum, |sum, _| T::narrow(sum)),
        ReduceKind::L2 => {
            let square = |x: T| x.wide().wrapping_mul(x.wide());
            reduce(layout, square, 0, sum, |sum, _| T::truncated((sum as f64).sqrt()))
        }
        ReduceKind::SumSquare => {
            let square = |x: T| x.wide().wrapping_mul(x.wide());
            reduce(layout, square, 0, sum, |sum, _| T::narrow(sum))
        }
        ReduceKind::LogSum => {
            reduce(layout, wide, 0, sum, |sum, _| T::truncated((sum as f64).ln()))
        }
        ReduceKind::LogSumExp => {
            let state = |x: T| (x.wide() as f64, 1.0);
            reduce(layout, state, EMPTY, log_sum, |(largest, sum), _| {
                T::truncated(largest + sum.ln())
            })
        }
        ReduceKind::Max => reduce(layout, |x: T| x, T::min_value(), T::max, |largest, _| largest),
        ReduceKind::Min => reduce(layout, |x: T| x, T::max_value(), T::min, |smallest, _| smallest),
    }
}

/// The state of `LogSumExp`: the largest element, and the sum of eˣ, measured by that of the largest.
type LogSum = (f64, f64);

const EMPTY: LogSum = (f64::NEG_INFINITY, 0.0);

fn log_sum(a: LogSum, b: LogSum) -> LogSum {
    if a.0.is_nan() || b.0.is_nan() {
        return (f64::NAN, 1.0);
    }
    let (high, low) = if a.0 >= b.0 { (a, b) } else { (b, a) };
    // Equal infinities have no difference.
    let share = if low.0 == high.0 { 1.0 } else { (low.0 - high.0).exp() };
    (high.0, high.1 + low.1 * share)
}
