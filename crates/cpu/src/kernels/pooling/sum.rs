//! Means and norms of windows: both are sums.

use tachy_graph::op::pooling::{AveragePool, LpPool};
use tachy_graph::op::window::Window;
use tachy_graph::{TensorView, TensorViewMut};

use crate::kernel::{FnKernel, Kernel, Operands, Prepared};
use crate::kernels::geometry::Geometry;
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare_average(op: &AveragePool, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| {
        let (x, y) = (operands.input(0), operands.outputs[0]);
        let (image, positions) = (&x.shape[2..], &y.shape[2..]);
        let geometry = Geometry::new(image, positions, &op.window);
        let counts = window_counts(&op.window, image, positions, op.count_include_pad);
        let counts: Vec<T> = counts.into_iter().map(|count| T::of(count as f64)).collect();
        Ok(sums(geometry, |x: T| x, move |position, sum| sum / counts[position]))
    })
}

pub(in crate::kernels) fn prepare_norm(op: &LpPool, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| {
        let (x, y) = (operands.input(0), operands.outputs[0]);
        let geometry = Geometry::new(&x.shape[2..], &y.shape[2..], &op.window);
        let p = op.p;
        Ok(sums(geometry, move |x: T| power(x, p), move |_, sum| root(sum, p)))
    })
}

/// |x|ᵖ.
pub(super) fn power<T: Real>(x: T, p: u32) -> T {
    match p {
        1 => x.abs(),
        2 => x * x,
        _ => x.abs().powf(T::of(f64::from(p))),
    }
}

/// x^(1/p).
pub(super) fn root<T: Real>(x: T, p: u32) -> T {
    match p {
        1 => x,
        2 => x.sqrt(),
        _ => x.powf(T::of(f64::from(p).recip())),
    }
}

/// How many elements each position's window has, with or without those of the padding. At least 1, so that a
/// window of nothing has the mean 0.
fn window_counts(
    window: &Window,
    image: &[usize],
    positions: &[usize],
    padding: bool,
) -> Vec<usize> {
    let along = |axis: usize, position: usize| {
        let (begin, end) = (window.pads_begin[axis], image[axis] + window.pads_begin[axis]);
        let inside = if padding { 0..end + window.pads_end[axis] } else { begin..end };
        (0..window.kernel[axis])
            .filter(|tap| {
                let place = position * window.strides[axis] + tap * window.dilations[axis];
                inside.contains(&place)
            })
            .count()
    };
    let mut counts = vec![1];
    for (axis, &size) in positions.iter().enumerate() {
        let own: Vec<usize> = (0..size).map(|position| along(axis, position)).collect();
        counts = counts.iter().flat_map(|count| own.iter().map(move |own| count * own)).collect();
    }
    counts.into_iter().map(|count| count.max(1)).collect()
}

/// The kernel that sums a function of each window's elements, and then applies a function of the position and
/// the sum.
fn sums<T: Real>(
    geometry: Geometry,
    term: impl Fn(T) -> T + Send + Sync + 'static,
    finish: impl Fn(usize, T) -> T + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    Box::new(FnKernel(
        move |workers: &Workers,
              inputs: &[Option<TensorView<'_>>],
              outputs: &mut [TensorViewMut<'_>]| {
            let x = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
            let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
            let (positions, size) = (geometry.positions(), geometry.image_size());
            workers.for_each_chunk(y, positions, |channel, y| {
                let x = &x[channel * size..][..size];
                y.fill(T::zero());
                for tap in 0..geometry.taps() {
                    geometry.for_each_segment(tap, 0..positions, |segment| {
                        for (y, x) in y[segment.range()].iter_mut().zip(segment.elements(x)) {
                            *y += term(x);
                        }
                    });
                }
                for (position, y) in y.iter_mut().enumerate() {
                    *y = finish(position, *y);
                }
            });
            Ok(())
        },
    ))
}
