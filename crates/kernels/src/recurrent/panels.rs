//! Products of a packed matrix with a few vectors.

use half::{bf16, f16};

use crate::AlignedVec;
use crate::lanes::{Isa, Lanes, Work};
use crate::weight::{Weight, WeightType, Weights};

/// Vectors of accumulators: as many as hide the latency of a multiply-add.
const WIDEST: usize = 8;

/// Samples that share one pass over the matrix, at most.
pub(super) const MOST_SAMPLES: usize = 4;

/// A matrix `[outputs, inputs]`, packed for products with one vector or a few.
///
/// Panels of eight vectors of outputs follow each other, each with all of its inputs: element (i, o) of a panel is the
/// weight of input i for output o. What is left over becomes panels of four, two and one.
#[derive(Clone)]
pub struct Panels {
    isa: Isa,
    packed: Elements,
    inputs: usize,
    outputs: usize,
}

/// The packed weights.
#[derive(Clone)]
enum Elements {
    F32(Weights<f32>),
    F16(Weights<f16>),
    Bf16(Weights<bf16>),
}

impl Panels {
    /// Bytes of the packed weights.
    pub(super) fn bytes(&self) -> usize {
        match &self.packed {
            Elements::F32(weights) => size_of_val(&**weights),
            Elements::F16(weights) => size_of_val(&**weights),
            Elements::Bf16(weights) => size_of_val(&**weights),
        }
    }

    /// Packs `weights`, one row of `inputs` elements for each output; they are kept as this type, rounded to the nearest.
    ///
    /// # Panics
    /// If there are fewer weights.
    pub fn new(
        isa: Isa,
        kept_as: WeightType,
        weights: &[f32],
        outputs: usize,
        inputs: usize,
    ) -> Self {
        let row = |output: usize| &weights[output * inputs..][..inputs];
        Self::of_rows(isa, kept_as, outputs, inputs, row)
    }

    /// Packs the rows that `row` gives for each output.
    pub(super) fn of_rows<'w>(
        isa: Isa,
        kept_as: WeightType,
        outputs: usize,
        inputs: usize,
        row: impl Fn(usize) -> &'w [f32],
    ) -> Self {
        let lanes = isa.lanes();
        let mut packed = AlignedVec::zeros(outputs.div_ceil(lanes) * lanes * inputs);
        for (panel, vectors) in panels(outputs.div_ceil(lanes)) {
            let width = vectors * lanes;
            let elements = &mut packed[panel * lanes * inputs..][..width * inputs];
            for column in 0..width.min(outputs - panel * lanes) {
                let places = elements.iter_mut().skip(column).step_by(width);
                for (place, weight) in places.zip(row(panel * lanes + column)) {
                    *place = *weight;
                }
            }
        }
        let packed = match kept_as {
            WeightType::F32 => Elements::F32(Weights::nearest(packed)),
            WeightType::F16 => Elements::F16(Weights::nearest(packed)),
            WeightType::Bf16 => Elements::Bf16(Weights::nearest(packed)),
        };
        Self { isa, packed, inputs, outputs }
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Adds the product with one vector to another: `to[o] += Σ weights[o][i] · from[i]`.
    ///
    /// # Panics
    /// If the vectors are shorter than the matrix.
    pub fn accumulate(&self, from: &[f32], to: &mut [f32]) {
        assert!(
            from.len() >= self.inputs && to.len() >= self.outputs,
            "vectors of the matrix's size"
        );
        let (from, to) = ([from.as_ptr()], [to.as_mut_ptr()]);
        // SAFETY: there are as many elements.
        unsafe { self.accumulate_samples(&from, &to, None, false) }
    }

    /// As [`accumulate`](Self::accumulate), for one to [`MOST_SAMPLES`] samples; perhaps with a bias that is added to the
    /// product first, and from the last panel to the first.
    ///
    /// # Safety
    /// Behind the pointers there must be as many elements as the matrix has inputs and outputs.
    ///
    /// # Panics
    /// If there are fewer biases than outputs.
    pub(super) unsafe fn accumulate_samples(
        &self,
        from: &[*const f32],
        to: &[*mut f32],
        bias: Option<&[f32]>,
        backward: bool,
    ) {
        assert!(bias.is_none_or(|bias| bias.len() >= self.outputs), "a bias for each output");
        self.isa.run(Product { panels: self, from, to, bias, backward });
    }
}

/// The first vector of every panel and how many it has.
#[inline(always)]
fn panels(vectors: usize) -> impl DoubleEndedIterator<Item = (usize, usize)> {
    let whole = vectors / WIDEST;
    let rest = vectors % WIDEST;
    let smaller = [4, 2, 1].into_iter().filter(move |size| rest & size != 0);
    let smaller = smaller.map(move |size| (whole * WIDEST + (rest & !(2 * size - 1)), size));
    (0..whole).map(|panel| (panel * WIDEST, WIDEST)).chain(smaller)
}

struct Product<'a> {
    panels: &'a Panels,
    from: &'a [*const f32],
    to: &'a [*mut f32],
    bias: Option<&'a [f32]>,
    backward: bool,
}

impl Work for Product<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // The type is asked for here, not before: a call more would be felt in small layers.
        // SAFETY: as for this function.
        unsafe {
            match &self.panels.packed {
                Elements::F32(packed) => self.all::<L, f32>(packed.as_ptr()),
                Elements::F16(packed) => self.all::<L, f16>(packed.as_ptr()),
                Elements::Bf16(packed) => self.all::<L, bf16>(packed.as_ptr()),
            }
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    unsafe fn all<L: Lanes, T: Weight>(&self, packed: *const T) {
        let vectors = self.panels.outputs.div_ceil(L::LANES);
        let count = panels(vectors).count();
        let mut order = panels(vectors);
        for _ in 0..count {
            let next = if self.backward { order.next_back() } else { order.next() };
            let Some((first, vectors)) = next else { break };
            // SAFETY: the caller promises the vectors, `Isa::run` the instruction set; the panel is in the matrix.
            unsafe { self.panel::<L, T>(packed, first * L::LANES, vectors) }
        }
    }

    #[inline(always)]
    unsafe fn panel<L: Lanes, T: Weight>(&self, packed: *const T, first: usize, vectors: usize) {
        // With 32 registers two or three samples share whole panels and four share halves; with 16, two share halves.
        let many = L::TILE_ROWS > 8;
        // SAFETY: as for `Panels::accumulate_samples`.
        unsafe {
            match (vectors, self.from, self.to) {
                (8, &[a, b, c, d], &[w, x, y, z]) if many => {
                    self.block::<L, T, 4, 1, 4>(packed, (first, 8, 0), [a, b, c, d], [w, x, y, z]);
                    self.block::<L, T, 4, 1, 4>(packed, (first, 8, 4), [a, b, c, d], [w, x, y, z]);
                }
                (8, &[a, b, c], &[x, y, z]) if many => {
                    self.block::<L, T, 8, 1, 3>(packed, (first, 8, 0), [a, b, c], [x, y, z]);
                }
                (8, &[a, b], &[x, y]) if many => {
                    self.block::<L, T, 8, 1, 2>(packed, (first, 8, 0), [a, b], [x, y]);
                }
                (8, from, to) if !many && from.len() > 1 => {
                    for (from, to) in from.chunks(2).zip(to.chunks(2)) {
                        if let (&[a, b], &[x, y]) = (from, to) {
                            self.block::<L, T, 4, 1, 2>(packed, (first, 8, 0), [a, b], [x, y]);
                            self.block::<L, T, 4, 1, 2>(packed, (first, 8, 4), [a, b], [x, y]);
                        } else {
                            self.block::<L, T, 8, 1, 1>(packed, (first, 8, 0), [from[0]], [to[0]]);
                        }
                    }
                }
                (_, from, to) => {
                    for (from, to) in from.iter().zip(to) {
                        let place = (first, vectors, 0);
                        match vectors {
                            8 => self.block::<L, T, 8, 1, 1>(packed, place, [*from], [*to]),
                            4 => self.block::<L, T, 4, 2, 1>(packed, place, [*from], [*to]),
                            2 => self.block::<L, T, 2, 4, 1>(packed, place, [*from], [*to]),
                            _ => self.block::<L, T, 1, 8, 1>(packed, place, [*from], [*to]),
                        }
                    }
                }
            }
        }
    }

    /// `VECTORS` vectors of outputs, for `SAMPLES` samples, with `SPLIT` sums over interleaved inputs: of the panel that
    /// begins with output `first` and has `vectors` vectors, those from `skip` on.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "indices run over several arrays at once")]
    unsafe fn block<
        L: Lanes,
        T: Weight,
        const VECTORS: usize,
        const SPLIT: usize,
        const SAMPLES: usize,
    >(
        &self,
        packed: *const T,
        (first, vectors, skip): (usize, usize, usize),
        from: [*const f32; SAMPLES],
        to: [*mut f32; SAMPLES],
    ) {
        let inputs = self.panels.inputs;
        let (width, skip) = (vectors * L::LANES, skip * L::LANES);
        // SAFETY: as for `Panels::accumulate_samples`; the panel has `inputs` times `width` elements.
        unsafe {
            let mut weights = packed.add(first * inputs + skip);
            let mut sums = [[[L::splat(0.0); VECTORS]; SPLIT]; SAMPLES];
            let mut input = 0;
            while input + SPLIT <= inputs {
                for split in 0..SPLIT {
                    for vector in 0..VECTORS {
                        let weight = T::load::<L>(weights.add(vector * L::LANES));
                        for sample in 0..SAMPLES {
                            let x = L::splat(*from[sample].add(input + split));
                            let sum = &mut sums[sample][split][vector];
                            *sum = weight.mul_add(x, *sum);
                        }
                    }
                    weights = weights.add(width);
                }
                input += SPLIT;
            }
            while input < inputs {
                for vector in 0..VECTORS {
                    let weight = T::load::<L>(weights.add(vector * L::LANES));
                    for sample in 0..SAMPLES {
                        let x = L::splat(*from[sample].add(input));
                        sums[sample][0][vector] = weight.mul_add(x, sums[sample][0][vector]);
                    }
                }
                weights = weights.add(width);
                input += 1;
            }
            for sample in 0..SAMPLES {
                for vector in 0..VECTORS {
                    let mut sum = sums[sample][0][vector];
                    for split in 1..SPLIT {
                        sum = sum.add(sums[sample][split][vector]);
                    }
                    let offset = first + skip + vector * L::LANES;
                    let left = self.panels.outputs - offset;
                    if let Some(bias) = self.bias {
                        let bias = bias.as_ptr().add(offset);
                        sum = L::load_first(bias, left.min(L::LANES)).add(sum);
                    }
                    let to = to[sample].add(offset);
                    if left >= L::LANES {
                        L::load(to).add(sum).store(to);
                    } else {
                        L::load_first(to, left).add(sum).store_first(to, left);
                    }
                }
            }
        }
    }
}
