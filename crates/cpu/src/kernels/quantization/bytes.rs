//! Between `f32` and integers of 8 bits, with one scale for many elements on end: most of what is quantised.

use std::ops::Range;

use tachy_graph::op::quantization::Granularity;
use tachy_graph::{DType, Element};
use tachy_kernels::quantization::{Byte, dequantize, quantize};

use super::super::views::{by_pieces, count, elements};
use crate::kernel::{Kernel, Operands};

/// With fewer elements to a scale, the general kernel is no slower.
const WORTHWHILE: usize = 16;

/// Elements on end that share a scale, and how many scales take turns.
#[derive(Clone, Copy)]
struct Runs {
    length: usize,
    scales: usize,
}

impl Runs {
    /// `None` if scales change too often.
    fn new(granularity: Granularity, shape: &[usize]) -> Option<Self> {
        let runs = match granularity {
            Granularity::PerTensor => Self { length: count(shape).max(WORTHWHILE), scales: 1 },
            Granularity::PerAxis(axis) => {
                Self { length: count(&shape[axis + 1..]), scales: shape[axis] }
            }
            Granularity::Blocked { .. } => return None,
        };
        (runs.length >= WORTHWHILE).then_some(runs)
    }

    /// Calls for each run within a piece that begins at an element: its scale's place, and its elements of the piece.
    fn each(self, first: usize, count: usize, mut of_run: impl FnMut(usize, Range<usize>)) {
        let mut start = 0;
        while start < count {
            let run = (first + start) / self.length;
            let end = ((run + 1) * self.length - first).min(count);
            of_run(run % self.scales, start..end);
            start = end;
        }
    }
}

/// The kernel of `QuantizeLinear` or `DequantizeLinear`, whichever leads to this element type, if this is such a case.
pub(super) fn kernel(
    granularity: Granularity,
    to: DType,
    operands: Operands<'_>,
) -> Option<Box<dyn Kernel>> {
    let runs = Runs::new(granularity, &operands.input(0).shape)?;
    match (operands.input(0).dtype, operands.input(1).dtype, to) {
        (DType::F32, DType::F32, DType::U8) => Some(by_runs(runs, quantize::<u8>)),
        (DType::F32, DType::F32, DType::I8) => Some(by_runs(runs, quantize::<i8>)),
        (DType::U8, DType::F32, DType::F32) => Some(by_runs(runs, dequantize::<u8>)),
        (DType::I8, DType::F32, DType::F32) => Some(by_runs(runs, dequantize::<i8>)),
        _ => None,
    }
}

/// The kernel that computes run by run, from elements, their scale and their zero point.
fn by_runs<From: Element, To: Element, Zero: Element + Byte>(
    runs: Runs,
    compute: impl Fn(&[From], f32, Zero, &mut [To]) + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    by_pieces(move |inputs, first, piece: &mut [To]| {
        let (x, scales) = (elements::<From>(inputs, 0), elements::<f32>(inputs, 1));
        let zeros = inputs.get(2).and_then(Option::as_ref).map(|_| elements::<Zero>(inputs, 2));
        runs.each(first, piece.len(), |place, run| {
            let zero = zeros.map_or(Zero::of(0.0), |zeros| zeros[place]);
            let x = &x[first + run.start..][..run.len()];
            compute(x, scales[place], zero, &mut piece[run]);
        });
    })
}
