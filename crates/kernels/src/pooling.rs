//! Pooling of images whose channels are innermost.

use crate::convolution::Images;
use crate::lanes::{Isa, Lanes, Work};
use crate::shared::{Pointer, PointerMut};
use crate::team::Team;

/// What becomes of the elements under a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Combine {
    /// The largest; NaN wins. A window without an element gives −∞.
    Largest,
    /// The mean of those within the image.
    Mean,
    /// The mean, with the padding counted as zeros.
    MeanWithPadding,
}

/// Pooling over two dimensions; over a single one, the height is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pooling {
    /// What becomes of the elements under a window.
    pub combine: Combine,
    /// The number of images.
    pub batch: usize,
    /// The input.
    pub input: Images,
    /// The output; its channels are the input's.
    pub output: Images,
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Steps between output pixels, in input pixels.
    pub stride: [usize; 2],
    /// Steps between the window's elements, in input pixels.
    pub dilation: [usize; 2],
    /// Padding above and to the left.
    pub padding: [usize; 2],
    /// Padding below and to the right.
    pub padding_end: [usize; 2],
}

impl Pooling {
    /// Pools.
    ///
    /// # Safety
    /// `input` and `out` lead to memory as the sizes say; nobody else writes to the output.
    pub unsafe fn run(&self, isa: Isa, team: &Team, input: *const f32, out: *mut f32) {
        let lines = self.batch * self.output.height;
        let share = lines.div_ceil(if team.threads() == 1 { 1 } else { team.threads() * 4 }).max(1);
        let (input, out) = (Pointer(input), PointerMut(out));
        team.run(lines.div_ceil(share), |task| {
            let (input, out) = (&input, &out);
            for line in task * share..((task + 1) * share).min(lines) {
                isa.run(Line { pooling: self, input: input.0, out: out.0, line });
            }
        });
    }
}

struct Line<'a> {
    pooling: &'a Pooling,
    input: *const f32,
    out: *mut f32,
    line: usize,
}

/// The first element of the window within the image, how many there are, and how many with the padding.
#[inline(always)]
fn reach(pooling: &Pooling, axis: usize, out: usize, size: usize) -> (usize, usize, usize) {
    let (dilation, kernel) = (pooling.dilation[axis], pooling.kernel[axis]);
    let start = out * pooling.stride[axis];
    let padding = pooling.padding[axis];
    let skipped = padding.saturating_sub(start).div_ceil(dilation).min(kernel);
    let end = (size + padding).saturating_sub(start).div_ceil(dilation).min(kernel);
    let padded = size + padding + pooling.padding_end[axis];
    let counted = padded.saturating_sub(start).div_ceil(dilation).min(kernel);
    (skipped, end.saturating_sub(skipped), counted)
}

impl Work for Line<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let pooling = self.pooling;
        let Pooling { input, output, stride, dilation, padding, .. } = *pooling;
        let (image, y) = (self.line / output.height, self.line % output.height);
        let (top, rows, counted_rows) = reach(pooling, 0, y, input.height);
        for x in 0..output.width {
            let (left, columns, counted_columns) = reach(pooling, 1, x, input.width);
            let row = (y * stride[0] + top * dilation[0]).wrapping_sub(padding[0]);
            let column = (x * stride[1] + left * dilation[1]).wrapping_sub(padding[1]);
            let pixel = (image * input.height)
                .wrapping_add(row)
                .wrapping_mul(input.width)
                .wrapping_add(column);
            let from = self.input.wrapping_add(pixel.wrapping_mul(input.pitch));
            let to = self.out.wrapping_add((self.line * output.width + x) * output.pitch);
            let largest = pooling.combine == Combine::Largest;
            let count = match pooling.combine {
                Combine::MeanWithPadding => counted_rows * counted_columns,
                _ => rows * columns,
            };
            let mut channel = 0;
            while channel < output.channels {
                let lanes = L::LANES.min(output.channels - channel);
                let full = lanes == L::LANES;
                // SAFETY: only elements within the image are read, and the output's own are written.
                unsafe {
                    let mut value = L::splat(if largest { f32::NEG_INFINITY } else { 0.0 });
                    for ky in 0..rows {
                        for kx in 0..columns {
                            let offset =
                                (ky * dilation[0] * input.width + kx * dilation[1]) * input.pitch;
                            let pointer = from.add(offset + channel);
                            let element = match full {
                                true => L::load(pointer),
                                false => L::load_first(pointer, lanes),
                            };
                            value = if largest { value.max(element) } else { value.add(element) };
                        }
                    }
                    if !largest {
                        value = value.div(L::splat(count as f32));
                    }
                    let pointer = to.add(channel);
                    match full {
                        true => value.store(pointer),
                        false => value.store_first(pointer, lanes),
                    }
                }
                channel += L::LANES;
            }
        }
    }
}
