//! Convolution of every channel by itself.

use super::geometry::Geometry;
use super::region::{Outlet, Region};
use crate::aligned::AlignedVec;
use crate::lanes::{Isa, Lanes, Work};
use crate::shared::Pointer;
use crate::team::Team;

/// Output pixels whose sums are held in registers together.
const PIXELS: usize = 8;

/// A depthwise convolution: weights `[taps, channels]`.
pub(crate) struct Depthwise {
    isa: Isa,
    geometry: Geometry,
    weights: AlignedVec,
    bias: AlignedVec,
    lines_per_task: usize,
}

impl Depthwise {
    pub(crate) fn new(
        isa: Isa,
        threads: usize,
        geometry: Geometry,
        weights: &[f32],
        bias: Option<&[f32]>,
    ) -> Self {
        let taps = geometry.kernel[0] * geometry.kernel[1];
        let channels = geometry.output.channels;
        let mut packed = AlignedVec::zeros(taps * channels);
        for (channel, filter) in weights.chunks_exact(taps).enumerate() {
            for (tap, weight) in filter.iter().enumerate() {
                packed[tap * channels + channel] = *weight;
            }
        }
        let mut sums = AlignedVec::zeros(channels);
        if let Some(bias) = bias {
            sums.copy_from_slice(bias);
        }
        let rows = geometry.batch * geometry.output.height;
        let lines_per_task = rows.div_ceil(if threads == 1 { 1 } else { threads * 4 }).clamp(1, 16);
        Self { isa, geometry, weights: packed, bias: sums, lines_per_task }
    }

    /// Bytes of the packed weights.
    pub(crate) fn weight_bytes(&self) -> usize {
        size_of_val(&*self.weights)
    }

    /// # Safety
    /// As for [`Convolution::run`](super::Convolution::run).
    pub(crate) unsafe fn run(&self, team: &Team, input: *const f32, outlet: &Outlet<'_>) {
        let input = Pointer(input);
        let output = self.geometry.output;
        let lines = self.geometry.batch * output.height;
        team.run_as_member(lines.div_ceil(self.lines_per_task), |task, member| {
            let input = &input;
            let first = task * self.lines_per_task;
            let count = self.lines_per_task.min(lines - first);
            for line in first..first + count {
                self.isa.run(Line { layer: self, input: input.0, line, outlet });
            }
            outlet.finished(Region {
                pixel: first * output.width,
                pixels: count * output.width,
                channel: 0,
                channels: output.channels,
                member,
            });
        });
    }
}

/// One row of output pixels.
struct Line<'a> {
    layer: &'a Depthwise,
    input: *const f32,
    line: usize,
    outlet: &'a Outlet<'a>,
}

impl Work for Line<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let geometry = &self.layer.geometry;
        let Geometry { input, output, kernel, stride, dilation, padding, .. } = *geometry;
        let (image, y) = (self.line / output.height, self.line % output.height);
        let (top, rows) = reach(y, stride[0], dilation[0], padding[0], kernel[0], input.height);
        // Columns whose whole filter lies within the image.
        let reach_right = (kernel[1] - 1) * dilation[1];
        let left = padding[1].div_ceil(stride[1]).min(output.width);
        let right = match (input.width + padding[1]).checked_sub(reach_right + 1) {
            Some(last) => (last / stride[1] + 1).clamp(left, output.width),
            None => left,
        };
        let mut x = 0;
        while x < output.width {
            let inside = x >= left && x < right;
            let (skipped, columns) = match inside {
                true => (0, kernel[1]),
                false => reach(x, stride[1], dilation[1], padding[1], kernel[1], input.width),
            };
            let pixel = self.line * output.width + x;
            let row = y * stride[0] + top * dilation[0];
            let column = x * stride[1] + skipped * dilation[1];
            // With nothing of the filter inside, nothing is read.
            let from = ((image * input.height + row.saturating_sub(padding[0])) * input.width
                + column.saturating_sub(padding[1]))
                * input.pitch;
            let place = Place {
                from: self.input.wrapping_add(from),
                pixel,
                tap: top * kernel[1] + skipped,
                rows,
                columns,
            };
            if inside && x + PIXELS <= right {
                // SAFETY: the caller answers for the memory.
                unsafe { pixels::<L, PIXELS>(self.layer, self.outlet, place) };
                x += PIXELS;
            } else if inside && x + 4 <= right {
                // SAFETY: the caller answers for the memory.
                unsafe { pixels::<L, 4>(self.layer, self.outlet, place) };
                x += 4;
            } else if inside && x + 2 <= right {
                // SAFETY: the caller answers for the memory.
                unsafe { pixels::<L, 2>(self.layer, self.outlet, place) };
                x += 2;
            } else {
                // SAFETY: the caller answers for the memory.
                unsafe { pixels::<L, 1>(self.layer, self.outlet, place) };
                x += 1;
            }
        }
    }
}

/// The filter's elements along an axis that lie within the image: how many come before them, and how many there are.
#[inline(always)]
fn reach(
    out: usize,
    stride: usize,
    dilation: usize,
    padding: usize,
    kernel: usize,
    size: usize,
) -> (usize, usize) {
    let start = out * stride;
    let skipped = padding.saturating_sub(start).div_ceil(dilation).min(kernel);
    let end = (size + padding).saturating_sub(start).div_ceil(dilation).min(kernel);
    (skipped, end.saturating_sub(skipped))
}

/// Where neighbouring pixels are computed from.
#[derive(Clone, Copy)]
struct Place {
    from: *const f32,
    pixel: usize,
    tap: usize,
    rows: usize,
    columns: usize,
}

#[inline(always)]
unsafe fn pixels<L: Lanes, const P: usize>(layer: &Depthwise, outlet: &Outlet<'_>, place: Place) {
    let Geometry { input, output, kernel, stride, dilation, .. } = layer.geometry;
    let channels = output.channels;
    // SAFETY: the caller answers for the memory.
    unsafe {
        let (low, high) = (L::splat(outlet.range.0), L::splat(outlet.range.1));
        let mut channel = 0;
        while channel < channels {
            let count = L::LANES.min(channels - channel);
            let full = count == L::LANES;
            let load = |pointer: *const f32| match full {
                true => L::load(pointer),
                false => L::load_first(pointer, count),
            };
            let mut sums = [load(layer.bias.as_ptr().add(channel)); P];
            for ky in 0..place.rows {
                for kx in 0..place.columns {
                    let tap = place.tap + ky * kernel[1] + kx;
                    let weight = load(layer.weights.as_ptr().add(tap * channels + channel));
                    let offset = (ky * dilation[0] * input.width + kx * dilation[1]) * input.pitch;
                    let from = place.from.add(offset + channel);
                    for (p, sum) in sums.iter_mut().enumerate() {
                        *sum = load(from.add(p * stride[1] * input.pitch)).mul_add(weight, *sum);
                    }
                }
            }
            for (p, sum) in sums.into_iter().enumerate() {
                let pixel = place.pixel + p;
                let mut value = sum;
                if let Some((addend, pitch)) = outlet.addend {
                    value = value.add(load(addend.add(pixel * pitch + channel)));
                }
                value = value.max(low).min(high);
                let out = outlet.out.add(pixel * output.pitch + channel);
                match full {
                    true => value.store(out),
                    false => value.store_first(out, count),
                }
            }
            channel += L::LANES;
        }
    }
}
