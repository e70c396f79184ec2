//! The adjoint of convolution, as several convolutions.
//!
//! With steps of s, every s-th output pixel meets the same elements of the filter: each such set of pixels is an ordinary
//! convolution of the input with that part of the filter, turned around (Shi et al., 2016, "Is the deconvolution layer
//! the same as a convolutional layer?", arXiv:1609.07009).

use super::direct::Direct;
use super::geometry::{Geometry, Images};
use super::region::Outlet;
use crate::lanes::Isa;
use crate::team::Team;

/// The sizes of a transposed convolution of one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjoint {
    /// The input.
    pub input: Images,
    /// The output.
    pub output: Images,
    /// Height and width of the filter, no smaller than the steps.
    pub kernel: [usize; 2],
    /// Steps between what neighbouring input pixels are added to.
    pub stride: [usize; 2],
    /// Rows and columns that are left out above and to the left of the output.
    pub padding: [usize; 2],
}

/// A transposed convolution with its weights packed.
pub struct TransposedConvolution {
    parts: Vec<Part>,
}

/// The output pixels that meet one part of the filter.
struct Part {
    convolution: Direct,
    /// Elements of the input that are skipped.
    input: usize,
    /// The first element in the output.
    output: usize,
}

/// One axis of a part.
struct Axis {
    /// Elements of the filter, the first of them, in steps.
    taps: usize,
    phase: usize,
    /// The first output pixel, and how many there are.
    first: usize,
    count: usize,
    /// Zeros before the input, or pixels of it that are skipped.
    padding: usize,
    skipped: usize,
}

impl Axis {
    fn new(
        phase: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
        size: usize,
    ) -> Option<Self> {
        let taps = (kernel - phase).div_ceil(stride);
        // The first pixel o with (o + padding) mod stride = phase.
        let first = (phase + stride - padding % stride) % stride;
        let count = size.checked_sub(first).filter(|rest| *rest > 0)?.div_ceil(stride);
        let newest = (first + padding) / stride;
        Some(Self {
            taps,
            phase,
            first,
            count,
            padding: (taps - 1).saturating_sub(newest),
            skipped: newest.saturating_sub(taps - 1),
        })
    }
}

impl TransposedConvolution {
    /// Packs the weights, `[inputs, outputs, height, width]`, for so many threads.
    ///
    /// # Panics
    /// If the filter is smaller than the steps, or weights or bias do not fit the sizes.
    pub fn new(
        isa: Isa,
        threads: usize,
        adjoint: Adjoint,
        weights: &[f32],
        bias: Option<&[f32]>,
    ) -> Self {
        let Adjoint { input, output, kernel, stride, padding } = adjoint;
        assert!(
            kernel[0] >= stride[0] && kernel[1] >= stride[1],
            "every output pixel meets the filter"
        );
        assert_eq!(
            weights.len(),
            input.channels * output.channels * kernel[0] * kernel[1],
            "the weights fit the sizes"
        );
        let mut parts = Vec::new();
        for phase_y in 0..stride[0] {
            for phase_x in 0..stride[1] {
                let rows = Axis::new(phase_y, kernel[0], stride[0], padding[0], output.height);
                let columns = Axis::new(phase_x, kernel[1], stride[1], padding[1], output.width);
                let (Some(rows), Some(columns)) = (rows, columns) else { continue };
                // Input rows beyond the image: nothing but zeros is met there.
                let skipped = [rows.skipped.min(input.height), columns.skipped.min(input.width)];
                let geometry = Geometry {
                    batch: 1,
                    input: Images {
                        height: input.height - skipped[0],
                        width: input.width - skipped[1],
                        ..input
                    },
                    output: Images {
                        height: rows.count,
                        width: columns.count,
                        channels: output.channels,
                        pitch: stride[1] * output.pitch,
                        line: stride[0] * output.line,
                    },
                    kernel: [rows.taps, columns.taps],
                    stride: [1, 1],
                    dilation: [1, 1],
                    padding: [rows.padding, columns.padding],
                    groups: 1,
                };
                let part = part_of_filter(&adjoint, weights, &rows, &columns);
                parts.push(Part {
                    convolution: Direct::new(isa, threads, geometry, &part, bias),
                    input: skipped[0] * input.line + skipped[1] * input.pitch,
                    output: rows.first * output.line + columns.first * output.pitch,
                });
            }
        }
        Self { parts }
    }

    /// Bytes of the packed weights.
    pub fn weight_bytes(&self) -> usize {
        self.parts.iter().map(|part| part.convolution.weight_bytes()).sum()
    }

    /// Elements of scratch memory that a run needs.
    pub fn scratch(&self) -> usize {
        self.parts.iter().map(|part| part.convolution.scratch()).max().unwrap_or(0)
    }

    /// Computes the output, limited to a range.
    ///
    /// # Safety
    /// `input` and `out` lead to memory as the sizes say, and nobody else writes to the output.
    ///
    /// # Panics
    /// If the scratch is too short.
    pub unsafe fn run(
        &self,
        team: &Team,
        input: *const f32,
        out: *mut f32,
        range: (f32, f32),
        scratch: &mut [f32],
    ) {
        for part in &self.parts {
            let out = out.wrapping_add(part.output);
            let outlet = Outlet { out, addend: None, range, finish: None };
            let input = input.wrapping_add(part.input);
            // SAFETY: the part lies within the input and the output.
            unsafe { part.convolution.run(team, input, &outlet, scratch) };
        }
    }
}

/// The filter's elements of one part, turned around, as `[outputs, inputs, height, width]`.
fn part_of_filter(adjoint: &Adjoint, weights: &[f32], rows: &Axis, columns: &Axis) -> Vec<f32> {
    let Adjoint { input, output, kernel, stride, .. } = *adjoint;
    let mut part = Vec::with_capacity(output.channels * input.channels * rows.taps * columns.taps);
    for o in 0..output.channels {
        for i in 0..input.channels {
            let filter = &weights[(i * output.channels + o) * kernel[0] * kernel[1]..];
            for y in (0..rows.taps).rev() {
                for x in (0..columns.taps).rev() {
                    let row = rows.phase + y * stride[0];
                    part.push(filter[row * kernel[1] + columns.phase + x * stride[1]]);
                }
            }
        }
    }
    part
}
