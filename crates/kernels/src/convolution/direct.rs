//! Convolution as a matrix product whose left-hand matrix is the image itself.
//!
//! With channels innermost, the numbers under one row of the filter stand side by side. A tile of the product takes
//! them from where they are, pixel by pixel, so nothing is copied but, where the filter leaves the image, the image
//! into a frame of zeros (the idea of indirect convolution: Dukhan, 2019).

use super::geometry::{Geometry, Images};
use super::region::{Outlet, Region};
use crate::aligned::AlignedVec;
use crate::lanes::Isa;
use crate::product::block::{self, Block, Cuts};
use crate::product::tile::{Finish, Rows, Segment};
use crate::product::{Packed, PackedLayout};
use crate::shared::{Pointer, PointerMut};
use crate::team::Team;

/// Pixels of one task: their part of the input stays in the second cache while the weights stream by.
const PIXELS_PER_TASK: usize = 216;

/// A convolution with its weights packed.
pub(crate) struct Direct {
    isa: Isa,
    geometry: Geometry,
    weights: Vec<Packed>,
    bias: Option<Vec<f32>>,
    segments: Vec<Segment>,
    /// The frame of zeros: height, width and pitch of the copy.
    frame: Option<[usize; 3]>,
    /// The whole image is one line: the filter is one pixel, and so are its steps.
    flat: bool,
    /// How lines of rows are cut into tiles.
    cuts: Cuts,
    lines_per_task: usize,
    panel_groups: usize,
}

impl Direct {
    pub(crate) fn new(
        isa: Isa,
        threads: usize,
        geometry: Geometry,
        weights: &[f32],
        bias: Option<&[f32]>,
    ) -> Self {
        let [kernel_height, kernel_width] = geometry.kernel;
        let (inputs, outputs) = (geometry.group_inputs(), geometry.group_outputs());
        let taps = kernel_height * kernel_width;
        let dense = geometry.input.is_dense() && geometry.output.is_dense();
        let size = |images: Images| [images.height, images.width];
        // Pixel for pixel: then all lines are one.
        let alike = size(geometry.input) == size(geometry.output);
        let inside = alike && geometry.stays_inside();
        let flat = taps == 1 && geometry.stride == [1, 1] && inside && dense;
        let line =
            if flat { geometry.batch * geometry.output.pixels() } else { geometry.output.width };
        let layout = PackedLayout::new(isa, line, taps * inputs, outputs);
        let line_rows = line;
        let weights = (0..geometry.groups)
            .map(|group| {
                let mut elements = AlignedVec::zeros(layout.len());
                let weights = &weights[group * outputs * inputs * taps..];
                for tap in 0..taps {
                    let rows = tap * inputs..(tap + 1) * inputs;
                    layout.pack_rows(rows, &weights[tap..], taps, inputs * taps, &mut elements);
                }
                Packed::from_parts(layout.clone(), elements)
            })
            .collect();
        let frame = (!geometry.stays_inside()).then(|| {
            let [height, width] = geometry.padded();
            let channels = geometry.input.channels;
            // Rows of a tile that are a multiple of the cache's size apart would push one another out of it.
            let conflict = (channels * geometry.stride[1]).is_multiple_of(1024);
            [height, width, if conflict { channels + 16 } else { channels }]
        });
        let (line, pitch) = match frame {
            Some([_, width, pitch]) => (width * pitch, pitch),
            None => (geometry.input.line, geometry.input.pitch),
        };
        let row_in_one = geometry.dilation[1] == 1 && pitch == inputs;
        let mut segments = Vec::new();
        for ky in 0..kernel_height {
            let row = ky * geometry.dilation[0] * line;
            if row_in_one {
                segments.push(Segment { offset: row, length: kernel_width * inputs });
                continue;
            }
            for kx in 0..kernel_width {
                let offset = row + kx * geometry.dilation[1] * pitch;
                segments.push(Segment { offset, length: inputs });
            }
        }
        let lines_per_task =
            (PIXELS_PER_TASK / geometry.output.width.max(1)).clamp(1, geometry.output.height);
        let mut direct = Self {
            isa,
            geometry,
            weights,
            bias: bias.map(<[f32]>::to_vec),
            segments,
            frame,
            flat,
            cuts: Cuts::new(isa, if flat { line_rows.min(PIXELS_PER_TASK) } else { line_rows }),
            lines_per_task,
            panel_groups: 1,
        };
        let panels = layout.panels().len();
        if threads > 1 {
            let tasks = direct.pixel_tasks() * geometry.groups;
            direct.panel_groups = (threads * 4).div_ceil(tasks.max(1)).clamp(1, panels.max(1));
        }
        direct
    }

    /// Bytes of the packed weights.
    pub(crate) fn weight_bytes(&self) -> usize {
        self.weights.iter().map(Packed::bytes).sum()
    }

    pub(crate) fn scratch(&self) -> usize {
        self.frame.map_or(0, |[height, width, pitch]| self.geometry.batch * height * width * pitch)
    }

    fn pixel_tasks(&self) -> usize {
        let Geometry { batch, output, .. } = self.geometry;
        match self.flat {
            true => (batch * output.pixels()).div_ceil(PIXELS_PER_TASK),
            false => batch * output.height.div_ceil(self.lines_per_task),
        }
    }

    /// # Safety
    /// As for [`Convolution::run`](super::Convolution::run).
    pub(crate) unsafe fn run(
        &self,
        team: &Team,
        input: *const f32,
        outlet: &Outlet<'_>,
        scratch: &mut [f32],
    ) {
        let source = Pointer(match self.frame {
            Some(frame) => {
                // SAFETY: the caller answers for the input; the scratch is as long as was asked for.
                unsafe { self.fill_frame(team, Pointer(input), frame, scratch) };
                scratch.as_ptr()
            }
            None => input,
        });
        let pixel_tasks = self.pixel_tasks();
        let tasks = pixel_tasks * self.panel_groups * self.geometry.groups;
        team.run_as_member(tasks, |task, member| {
            let source = &source;
            let (pixels, rest) = (task % pixel_tasks, task / pixel_tasks);
            let (part, group) = (rest % self.panel_groups, rest / self.panel_groups);
            // SAFETY: tasks write disjoint parts of the output.
            unsafe { self.task(source.0, pixels, (part, group), member, outlet) };
        });
    }

    unsafe fn task(
        &self,
        source: *const f32,
        task: usize,
        (part, group): (usize, usize),
        member: usize,
        outlet: &Outlet<'_>,
    ) {
        let Geometry { batch, input, output, stride, .. } = self.geometry;
        let inputs = self.geometry.group_inputs();
        let (height, row, pitch) = match self.frame {
            Some([height, width, pitch]) => (height, width * pitch, pitch),
            None => (input.height, input.line, input.pitch),
        };
        // The first pixel of the task in source and output, its lines, and the pixels of a line.
        let (from, first, lines, line) = if self.flat {
            let first = task * PIXELS_PER_TASK;
            let count = PIXELS_PER_TASK.min(batch * output.pixels() - first);
            (first * pitch, first, 1, count)
        } else {
            let blocks = output.height.div_ceil(self.lines_per_task);
            let (image, y) = (task / blocks, task % blocks * self.lines_per_task);
            let lines = self.lines_per_task.min(output.height - y);
            let from = (image * height + y * stride[0]) * row;
            (from, (image * output.height + y) * output.width, lines, output.width)
        };
        // Where the first pixel is in the output.
        let out = first / output.width * output.line + first % output.width * output.pitch;
        let weights = &self.weights[group];
        let panels = weights.layout().panels();
        let share = panels.len().div_ceil(self.panel_groups);
        let panels =
            &panels[(part * share).min(panels.len())..((part + 1) * share).min(panels.len())];
        for panel in panels {
            let cut = self.cuts.of(line, panel.vectors);
            let channel = group * self.geometry.group_outputs() + panel.column;
            let bias = match &self.bias {
                Some(bias) => bias[channel..channel + panel.columns].as_ptr(),
                None => std::ptr::null(),
            };
            for (rows, tiles, start) in
                [(cut.rows, cut.full, 0), (cut.rest, 1, cut.full * cut.rows)]
            {
                if rows == 0 || tiles == 0 {
                    continue;
                }
                let pixel = first + start;
                let (addend, addend_pitch) = match outlet.addend {
                    Some((addend, pitch)) => (addend.wrapping_add(pixel * pitch + channel), pitch),
                    None => (std::ptr::null(), 0),
                };
                let place = from + start * stride[1] * pitch + group * inputs;
                let block = Block {
                    rows: Rows { first: source.wrapping_add(place), pitch: stride[1] * pitch },
                    segments: &self.segments,
                    b: weights.panel(panel),
                    columns: panel.columns,
                    finish: Finish {
                        out: outlet.out.wrapping_add(out + start * output.pitch + channel),
                        out_pitch: output.pitch,
                        bias,
                        addend,
                        addend_pitch,
                        low: outlet.range.0,
                        high: outlet.range.1,
                    },
                    lines,
                    tiles,
                    a_line: stride[0] * row,
                    out_line: output.line,
                    addend_line: output.width * addend_pitch,
                };
                // SAFETY: every tile lies within the image (or its frame) and the output.
                unsafe { block::run(self.isa, rows, panel.vectors, &block) };
            }
            outlet.finished(Region {
                pixel: first,
                pixels: lines * line,
                channel,
                channels: panel.columns,
                member,
            });
        }
    }

    /// Copies the images into their frames of zeros.
    unsafe fn fill_frame(
        &self,
        team: &Team,
        input: Pointer,
        [height, width, pitch]: [usize; 3],
        scratch: &mut [f32],
    ) {
        let Geometry { batch, input: images, padding: [top, left], .. } = self.geometry;
        let rows = batch * height;
        let scratch = &mut scratch[..rows * width * pitch];
        let rows_per_task = rows.div_ceil(team.threads() * 2).max(1);
        let place = PointerMut(scratch.as_mut_ptr());
        let columns = images.width.min(width - left.min(width));
        team.run(rows.div_ceil(rows_per_task), |task| {
            let (place, input) = (&place, &input);
            for row in task * rows_per_task..((task + 1) * rows_per_task).min(rows) {
                let (image, y) = (row / height, row % height);
                // SAFETY: rows are disjoint parts of the scratch.
                let to = unsafe {
                    std::slice::from_raw_parts_mut(place.0.add(row * width * pitch), width * pitch)
                };
                let Some(y) = y.checked_sub(top).filter(|y| *y < images.height) else {
                    to.fill(0.0);
                    continue;
                };
                let (before, rest) = to.split_at_mut(left.min(width) * pitch);
                let (inside, after) = rest.split_at_mut(columns * pitch);
                before.fill(0.0);
                after.fill(0.0);
                let start = (image * images.height + y) * images.line;
                if images.pitch == pitch {
                    // SAFETY: the caller answers for the input.
                    let from = unsafe {
                        std::slice::from_raw_parts(
                            input.0.add(start),
                            (columns * pitch).saturating_sub(pitch - images.channels),
                        )
                    };
                    inside[..from.len()].copy_from_slice(from);
                } else {
                    for (x, pixel) in inside.chunks_exact_mut(pitch).enumerate() {
                        // SAFETY: as above.
                        let from = unsafe {
                            let first = input.0.add(start + x * images.pitch);
                            std::slice::from_raw_parts(first, images.channels)
                        };
                        pixel[..images.channels].copy_from_slice(from);
                    }
                }
            }
        });
    }
}
