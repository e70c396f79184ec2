//! Convolution with 3 × 3 filters by Winograd's minimal filtering F(4 × 4, 3 × 3).
//!
//! Sixteen outputs of a channel take 36 multiplications instead of 144 (Lavin and Gray, 2016, "Fast algorithms for
//! convolutional neural networks", arXiv:1509.09308, whose matrices these are). Input tiles of 6 × 6 are transformed,
//! each of their 36 elements is a matrix product of its own over the channels, and the products are transformed back.

use super::geometry::Geometry;
use super::region::{Outlet, Region};
use crate::aligned::AlignedVec;
use crate::lanes::{Isa, Lanes, Work};
use crate::product::block::{self, Block, Cuts};
use crate::product::tile::{Finish, Rows, Segment};
use crate::product::{Packed, PackedLayout};
use crate::shared::{Pointer, PointerMut};
use crate::team::Team;

/// Outputs of a tile along an axis.
const OUT: usize = 4;
/// Inputs of a tile along an axis.
const IN: usize = 6;
const POINTS: usize = IN * IN;

/// Elements of transformed inputs and outputs that are worked on at a time: most of the second cache.
const BLOCK_ELEMENTS: usize = 180_000;

/// A convolution with its weights transformed and packed.
pub(crate) struct Winograd {
    isa: Isa,
    geometry: Geometry,
    weights: Vec<Packed>,
    bias: AlignedVec,
    tiles: [usize; 2],
    /// How blocks of rows are cut into tiles.
    cuts: Cuts,
    tiles_per_block: usize,
    shares: usize,
    input_pitch: usize,
    output_pitch: usize,
}

impl Winograd {
    /// Whether the convolution is one of those that this is for.
    pub(crate) fn fits(geometry: &Geometry) -> bool {
        geometry.kernel == [3, 3]
            && geometry.stride == [1, 1]
            && geometry.dilation == [1, 1]
            && geometry.groups == 1
    }

    pub(crate) fn new(
        isa: Isa,
        threads: usize,
        geometry: Geometry,
        weights: &[f32],
        bias: Option<&[f32]>,
    ) -> Self {
        let (inputs, outputs) = (geometry.input.channels, geometry.output.channels);
        let tiles = [geometry.output.height.div_ceil(OUT), geometry.output.width.div_ceil(OUT)];
        let (input_pitch, output_pitch) = (pitch(inputs), pitch(outputs));
        let total = geometry.batch * tiles[0] * tiles[1];
        let fitting = BLOCK_ELEMENTS / (POINTS * (input_pitch + output_pitch));
        let shares = threads.min(total).max(1);
        let share = total.div_ceil(shares);
        // Few tiles would have the weights stream by for next to nothing.
        let most = fitting.max(16).min(share);
        let tiles_per_block = share.div_ceil(share.div_ceil(most));
        let layout = PackedLayout::new(isa, tiles_per_block, inputs, outputs);
        let weights = transform_weights(isa, &layout, weights, inputs, outputs);
        let mut sums = AlignedVec::zeros(outputs);
        if let Some(bias) = bias {
            sums.copy_from_slice(bias);
        }
        Self {
            isa,
            geometry,
            weights,
            bias: sums,
            tiles,
            cuts: Cuts::new(isa, tiles_per_block),
            tiles_per_block,
            shares,
            input_pitch,
            output_pitch,
        }
    }

    fn scratch_of_share(&self) -> usize {
        POINTS * self.tiles_per_block * (self.input_pitch + self.output_pitch)
    }

    /// Bytes of the packed and transformed weights.
    pub(crate) fn weight_bytes(&self) -> usize {
        self.weights.iter().map(Packed::bytes).sum()
    }

    pub(crate) fn scratch(&self) -> usize {
        self.shares * self.scratch_of_share()
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
        assert!(scratch.len() >= self.scratch(), "the scratch is as long as was asked for");
        let (input, scratch) = (Pointer(input), PointerMut(scratch.as_mut_ptr()));
        let total = self.geometry.batch * self.tiles[0] * self.tiles[1];
        let share = total.div_ceil(self.shares);
        team.run_as_member(self.shares, |task, member| {
            let (input, scratch) = (&input, &scratch);
            let end = ((task + 1) * share).min(total);
            let mut first = task * share;
            while first < end {
                let count = self.tiles_per_block.min(end - first);
                // SAFETY: every share has a part of the scratch of its own, and tiles write disjoint outputs.
                unsafe {
                    let inputs = scratch.0.add(task * self.scratch_of_share());
                    let products = inputs.add(POINTS * self.tiles_per_block * self.input_pitch);
                    for tile in 0..count {
                        let layer = self;
                        let to = inputs.add(tile * self.input_pitch);
                        self.isa.run(InputTile { layer, input: input.0, tile: first + tile, to });
                    }
                    self.multiply(inputs, products, count);
                    for tile in 0..count {
                        let layer = self;
                        let from = products.add(tile * self.output_pitch);
                        let tile = first + tile;
                        self.isa.run(OutputTile { layer, from, tile, outlet, member });
                    }
                }
                first += count;
            }
        });
    }

    unsafe fn multiply(&self, inputs: *const f32, products: *mut f32, count: usize) {
        let segments = [Segment { offset: 0, length: self.geometry.input.channels }];
        for (point, weights) in self.weights.iter().enumerate() {
            let from = inputs.wrapping_add(point * self.tiles_per_block * self.input_pitch);
            let to = products.wrapping_add(point * self.tiles_per_block * self.output_pitch);
            for panel in weights.layout().panels() {
                let cut = self.cuts.of(count, panel.vectors);
                for (rows, tiles, start) in
                    [(cut.rows, cut.full, 0), (cut.rest, 1, cut.full * cut.rows)]
                {
                    if rows == 0 || tiles == 0 {
                        continue;
                    }
                    let block = Block {
                        rows: Rows {
                            first: from.wrapping_add(start * self.input_pitch),
                            pitch: self.input_pitch,
                        },
                        segments: &segments,
                        b: weights.panel(panel),
                        columns: panel.columns,
                        finish: Finish {
                            out: to.wrapping_add(start * self.output_pitch + panel.column),
                            out_pitch: self.output_pitch,
                            bias: std::ptr::null(),
                            addend: std::ptr::null(),
                            addend_pitch: 0,
                            low: f32::NEG_INFINITY,
                            high: f32::INFINITY,
                        },
                        lines: 1,
                        tiles,
                        a_line: 0,
                        out_line: 0,
                        addend_line: 0,
                    };
                    // SAFETY: the blocks lie within the scratch.
                    unsafe { block::run(self.isa, rows, panel.vectors, &block) };
                }
            }
        }
    }

    /// The image and the first row and column of a tile.
    #[inline(always)]
    fn place(&self, tile: usize) -> (usize, usize, usize) {
        let per_image = self.tiles[0] * self.tiles[1];
        let (image, tile) = (tile / per_image, tile % per_image);
        (image, tile / self.tiles[1] * OUT, tile % self.tiles[1] * OUT)
    }
}

/// A pitch that keeps rows out of one another's way in the cache.
fn pitch(channels: usize) -> usize {
    let whole = channels.next_multiple_of(16);
    if whole.is_multiple_of(256) { whole + 16 } else { whole }
}

/// G·g·Gᵀ of every filter, packed as 36 matrices of inputs by outputs.
fn transform_weights(
    isa: Isa,
    layout: &PackedLayout,
    weights: &[f32],
    inputs: usize,
    outputs: usize,
) -> Vec<Packed> {
    let mut packed: Vec<AlignedVec> =
        (0..POINTS).map(|_| AlignedVec::zeros(layout.len())).collect();
    // One row of every matrix at a time.
    let mut rows = vec![0.0f32; POINTS * outputs];
    for input in 0..inputs {
        let filters = Filters { weights, inputs, outputs, input, rows: &mut rows };
        isa.run(filters);
        for (point, packed) in packed.iter_mut().enumerate() {
            let row = &rows[point * outputs..(point + 1) * outputs];
            layout.pack_rows(input..input + 1, row, outputs, 1, packed);
        }
    }
    packed.into_iter().map(|elements| Packed::from_parts(layout.clone(), elements)).collect()
}

/// G·g·Gᵀ of all filters of one input channel: 36 rows with a number for every output channel.
struct Filters<'a> {
    weights: &'a [f32],
    inputs: usize,
    outputs: usize,
    input: usize,
    rows: &'a mut [f32],
}

impl Work for Filters<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        const MOST_LANES: usize = 16;
        let Self { weights, inputs, outputs, input, rows } = self;
        let mut taps = [[0.0f32; MOST_LANES]; 9];
        for first in (0..outputs).step_by(L::LANES) {
            let count = L::LANES.min(outputs - first);
            for lane in 0..count {
                let filter = &weights[((first + lane) * inputs + input) * 9..][..9];
                for (tap, weight) in taps.iter_mut().zip(filter) {
                    tap[lane] = *weight;
                }
            }
            // SAFETY: the instructions are there, `taps` has a vector for every tap, and every row has `count` places
            // from `first` on.
            unsafe {
                let mut half = [[L::splat(0.0); 3]; IN];
                for x in 0..3 {
                    let column = [0, 1, 2].map(|y| L::load(taps[y * 3 + x].as_ptr()));
                    for (row, value) in half.iter_mut().zip(times_g(column)) {
                        row[x] = value;
                    }
                }
                for (i, row) in half.into_iter().enumerate() {
                    for (j, value) in times_g(row).into_iter().enumerate() {
                        let row = &mut rows[(i * IN + j) * outputs..][..outputs];
                        value.store_first(row[first..].as_mut_ptr(), count);
                    }
                }
            }
        }
    }
}

/// G·g, where G is
/// `[[1/4, 0, 0], [−1/6, −1/6, −1/6], [−1/6, 1/6, −1/6], [1/24, 1/12, 1/6], [1/24, −1/12, 1/6], [0, 0, 1]]`.
///
/// # Safety
/// As for the methods of [`Lanes`].
#[inline(always)]
unsafe fn times_g<L: Lanes>([a, b, c]: [L; 3]) -> [L; IN] {
    // SAFETY: the caller answers for the instructions.
    unsafe {
        let sixth = L::splat(1.0 / 6.0);
        let outer = a.add(c).mul(L::splat(-1.0 / 6.0));
        let inner = b.mul(sixth);
        let even = a.mul_add(L::splat(1.0 / 24.0), c.mul(sixth));
        let odd = b.mul(L::splat(1.0 / 12.0));
        let quarter = a.mul(L::splat(0.25));
        [quarter, outer.sub(inner), outer.add(inner), even.add(odd), even.sub(odd), c]
    }
}

/// Bᵀ·d·B of one tile, to 36 places a block of tiles apart.
struct InputTile<'a> {
    layer: &'a Winograd,
    input: *const f32,
    tile: usize,
    to: *mut f32,
}

impl Work for InputTile<'_> {
    type Output = ();

    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // Columns of squares, not rows, are gone through.
    unsafe fn run<L: Lanes>(self) {
        let layer = self.layer;
        let Geometry { input, padding: [top, left], .. } = layer.geometry;
        let (image, y, x) = layer.place(self.tile);
        let image = self.input.wrapping_add(image * input.pixels() * input.pitch);
        let inside =
            y >= top && x >= left && y - top + IN <= input.height && x - left + IN <= input.width;
        let step = layer.tiles_per_block * layer.input_pitch;
        let mut channel = 0;
        while channel < input.channels {
            let count = L::LANES.min(input.channels - channel);
            // SAFETY: the caller answers for the memory.
            unsafe {
                let mut d = [[L::splat(0.0); IN]; IN];
                for (i, row) in d.iter_mut().enumerate() {
                    let row_inside = (y + i).wrapping_sub(top) < input.height;
                    let start = (y + i).wrapping_sub(top).wrapping_mul(input.width);
                    for (j, value) in row.iter_mut().enumerate() {
                        let column = (x + j).wrapping_sub(left);
                        let pixel = start.wrapping_add(column).wrapping_mul(input.pitch);
                        let pointer = image.wrapping_add(pixel.wrapping_add(channel));
                        if inside && count == L::LANES {
                            *value = L::load(pointer);
                        } else if inside || (row_inside && column < input.width) {
                            *value = L::load_first(pointer, count);
                        }
                    }
                }
                // Columns, then rows.
                for j in 0..IN {
                    let column =
                        input_transform([d[0][j], d[1][j], d[2][j], d[3][j], d[4][j], d[5][j]]);
                    for (i, value) in column.into_iter().enumerate() {
                        d[i][j] = value;
                    }
                }
                for (i, row) in d.into_iter().enumerate() {
                    for (j, value) in input_transform(row).into_iter().enumerate() {
                        // Rows are filled up to whole vectors.
                        value.store(self.to.add((i * IN + j) * step + channel));
                    }
                }
            }
            channel += L::LANES;
        }
    }
}

#[inline(always)]
unsafe fn input_transform<L: Lanes>(d: [L; IN]) -> [L; IN] {
    // SAFETY: the caller answers for the memory.
    unsafe {
        let (two, four, minus_five) = (L::splat(2.0), L::splat(4.0), L::splat(-5.0));
        let minus_four = L::splat(-4.0);
        let first = four.mul_add(d[0], minus_five.mul_add(d[2], d[4]));
        let even = minus_four.mul_add(d[2], d[4]);
        let odd = minus_four.mul_add(d[1], d[3]);
        let difference = d[4].sub(d[2]);
        let twice = two.mul(d[3].sub(d[1]));
        let last = four.mul_add(d[1], minus_five.mul_add(d[3], d[5]));
        [first, even.add(odd), even.sub(odd), difference.add(twice), difference.sub(twice), last]
    }
}

/// Aᵀ·m·A of one tile, to the output.
struct OutputTile<'a> {
    layer: &'a Winograd,
    from: *const f32,
    tile: usize,
    outlet: &'a Outlet<'a>,
    member: usize,
}

impl Work for OutputTile<'_> {
    type Output = ();

    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // Columns of squares, not rows, are gone through.
    unsafe fn run<L: Lanes>(self) {
        let layer = self.layer;
        let output = layer.geometry.output;
        let outlet = self.outlet;
        let (image, y, x) = layer.place(self.tile);
        let (rows, columns) = (OUT.min(output.height - y), OUT.min(output.width - x));
        let first = (image * output.height + y) * output.width + x;
        let step = layer.tiles_per_block * layer.output_pitch;
        // SAFETY: the caller answers for the memory.
        unsafe {
            let (low, high) = (L::splat(outlet.range.0), L::splat(outlet.range.1));
            let mut channel = 0;
            while channel < output.channels {
                let count = L::LANES.min(output.channels - channel);
                let full = count == L::LANES;
                let mut half = [[L::splat(0.0); IN]; OUT];
                for j in 0..IN {
                    let mut column = [L::splat(0.0); IN];
                    for (i, value) in column.iter_mut().enumerate() {
                        *value = L::load(self.from.add((i * IN + j) * step + channel));
                    }
                    for (i, value) in output_transform(column).into_iter().enumerate() {
                        half[i][j] = value;
                    }
                }
                let bias = match full {
                    true => L::load(layer.bias.as_ptr().add(channel)),
                    false => L::load_first(layer.bias.as_ptr().add(channel), count),
                };
                for (i, row) in half.into_iter().enumerate().take(rows) {
                    for (j, value) in output_transform(row).into_iter().enumerate().take(columns) {
                        let pixel = first + i * output.width + j;
                        let mut value = value.add(bias);
                        if let Some((addend, pitch)) = outlet.addend {
                            let pointer = addend.add(pixel * pitch + channel);
                            value = value.add(match full {
                                true => L::load(pointer),
                                false => L::load_first(pointer, count),
                            });
                        }
                        value = value.max(low).min(high);
                        let pointer = outlet.out.add(pixel * output.pitch + channel);
                        match full {
                            true => value.store(pointer),
                            false => value.store_first(pointer, count),
                        }
                    }
                }
                channel += L::LANES;
            }
        }
        for row in 0..rows {
            outlet.finished(Region {
                pixel: first + row * output.width,
                pixels: columns,
                channel: 0,
                channels: output.channels,
                member: self.member,
            });
        }
    }
}

#[inline(always)]
unsafe fn output_transform<L: Lanes>(m: [L; IN]) -> [L; OUT] {
    // SAFETY: the caller answers for the memory.
    unsafe {
        let (sum, difference) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (far_sum, far_difference) = (m[3].add(m[4]), m[3].sub(m[4]));
        let (two, four, eight) = (L::splat(2.0), L::splat(4.0), L::splat(8.0));
        [
            m[0].add(sum).add(far_sum),
            two.mul_add(far_difference, difference),
            four.mul_add(far_sum, sum),
            eight.mul_add(far_difference, difference).add(m[5]),
        ]
    }
}
