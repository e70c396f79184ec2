//! Group normalisation (Wu and He, 2018). Instance normalisation is one with a group for each channel.

use super::Rows;
use super::fold::{Plain, SumOf};
use super::normalize::{Affine, statistics};
use super::reduce::fold_columns;
use super::walk::{Walk, load, store, walk};
use crate::lanes::{Isa, Lanes, Work};

/// What is normalised: groups of channels of an image to mean 0 and variance 1, then scaled and shifted.
#[derive(Debug, Clone, Copy)]
pub struct GroupNorm<'a> {
    /// Number of channels.
    pub channels: usize,
    /// Number of groups, which divides that of channels.
    pub groups: usize,
    /// Elements of a channel.
    pub pixels: usize,
    /// Added to the variance.
    pub epsilon: f32,
    /// For each channel.
    pub scale: &'a [f32],
    /// For each channel.
    pub bias: &'a [f32],
}

impl GroupNorm<'_> {
    fn check(&self) {
        assert!(self.groups > 0 && self.channels.is_multiple_of(self.groups), "equal groups");
        let vectors = [self.scale, self.bias];
        assert!(vectors.iter().all(|vector| vector.len() >= self.channels), "one for each channel");
    }
}

/// Groups `groups` of one image `[channels, pixels]`. The output may be the input's memory.
///
/// # Safety
/// As many elements must be there to read and to write.
///
/// # Panics
/// If the channels do not fall into equal groups, or scale or bias is too short.
pub unsafe fn group_norm_channels_first(
    isa: Isa,
    norm: GroupNorm<'_>,
    from: *const f32,
    to: *mut f32,
    groups: std::ops::Range<usize>,
) {
    norm.check();
    assert!(groups.end <= norm.groups, "groups of the image");
    isa.run(ChannelsFirst { norm, from, to, groups });
}

struct ChannelsFirst<'a> {
    norm: GroupNorm<'a>,
    from: *const f32,
    to: *mut f32,
    groups: std::ops::Range<usize>,
}

impl Work for ChannelsFirst<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let GroupNorm { channels, groups, pixels, epsilon, scale, bias } = self.norm;
        let members = channels / groups;
        for group in self.groups {
            // SAFETY: the caller promises the memory, `Isa::run` the instruction set.
            unsafe {
                let first = group * members;
                let from = self.from.add(first * pixels);
                let [mean, inverse] = statistics::<L>(from, members * pixels, epsilon);
                for channel in first..first + members {
                    let shift = Shift {
                        affine: Affine {
                            from: self.from.add(channel * pixels),
                            to: self.to.add(channel * pixels),
                            scale: None,
                            bias: None,
                            mean: L::splat(mean),
                            factor: L::splat(inverse * scale[channel]),
                        },
                        bias: L::splat(bias[channel]),
                    };
                    walk(pixels, &mut { shift });
                }
            }
        }
    }
}

/// (x − mean) · factor + bias.
struct Shift<L> {
    affine: Affine<L>,
    bias: L,
}

impl<L: Lanes> Walk<L> for Shift<L> {
    #[inline(always)]
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize) {
        let Affine { from, to, mean, factor, .. } = self.affine;
        // SAFETY: as for this function.
        unsafe {
            let x = load::<L, PART>(from.add(offset), count).sub(mean);
            store::<L, PART>(x.mul_add(factor, self.bias), to.add(offset), count);
        }
    }
}

/// One image `[pixels, channels]`, whose pixels lie at any distance from each other. The output may be the input's
/// memory. `scratch` must have two elements for each channel.
///
/// # Safety
/// As many elements must be there to read and to write.
///
/// # Panics
/// If the channels do not fall into equal groups, or scale, bias or scratch is too short.
pub unsafe fn group_norm_channels_last(
    isa: Isa,
    norm: GroupNorm<'_>,
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    scratch: &mut [f32],
) {
    norm.check();
    assert!(scratch.len() >= 2 * norm.channels, "two elements of scratch memory for each channel");
    isa.run(ChannelsLast { norm, from, to, scratch });
}

struct ChannelsLast<'a> {
    norm: GroupNorm<'a>,
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    scratch: &'a mut [f32],
}

impl Work for ChannelsLast<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let GroupNorm { channels, groups, pixels, epsilon, scale, bias } = self.norm;
        let (means, factors) = self.scratch.split_at_mut(channels);
        let factors = &mut factors[..channels];
        let members = channels / groups;
        let count = (members * pixels) as f32;
        // SAFETY: the caller promises the memory, `Isa::run` the instruction set.
        unsafe {
            let mut sums = Sums::<false> { from: self.from, pixels, means, to: factors };
            walk::<L>(channels, &mut sums);
            for group in 0..groups {
                let range = group * members..(group + 1) * members;
                let mean = factors[range.clone()].iter().sum::<f32>() / count;
                means[range].fill(mean);
            }
            let mut squares = Sums::<true> { from: self.from, pixels, means, to: factors };
            walk::<L>(channels, &mut squares);
            for group in 0..groups {
                let range = group * members..(group + 1) * members;
                let variance = factors[range.clone()].iter().sum::<f32>() / count;
                let inverse = 1.0 / (variance + epsilon).sqrt();
                for (factor, scale) in factors[range.clone()].iter_mut().zip(&scale[range]) {
                    *factor = inverse * scale;
                }
            }
            for pixel in 0..pixels {
                let (from, to) = (self.from.row(pixel), self.to.row(pixel));
                walk::<L>(channels, &mut Pixel { from, to, means, factors, bias });
            }
        }
    }
}

/// The sum of each channel, or of the squares of its distances from the mean.
struct Sums<'a, const SQUARES: bool> {
    from: Rows<*const f32>,
    pixels: usize,
    means: &'a [f32],
    to: &'a mut [f32],
}

impl<L: Lanes, const SQUARES: bool> Walk<L> for Sums<'_, SQUARES> {
    #[inline(always)]
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize) {
        // SAFETY: as for this function.
        unsafe {
            let sum = if SQUARES {
                let mean = load::<L, PART>(self.means.as_ptr().add(offset), count);
                let mut sum = L::splat(0.0);
                let mut pixel = 0;
                while pixel < self.pixels {
                    let end = self.pixels.min(pixel + 128);
                    let mut part = L::splat(0.0);
                    while pixel < end {
                        let x = load::<L, PART>(self.from.row(pixel).add(offset), count).sub(mean);
                        part = x.mul_add(x, part);
                        pixel += 1;
                    }
                    sum = sum.add(part);
                }
                sum
            } else {
                fold_columns::<L, _, PART>(SumOf(Plain), self.from, offset, self.pixels, count)
            };
            store::<L, PART>(sum, self.to.as_mut_ptr().add(offset), count);
        }
    }
}

struct Pixel<'a> {
    from: *const f32,
    to: *mut f32,
    means: &'a [f32],
    factors: &'a [f32],
    bias: &'a [f32],
}

impl<L: Lanes> Walk<L> for Pixel<'_> {
    #[inline(always)]
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize) {
        // SAFETY: as for this function.
        unsafe {
            let of = |vector: &[f32]| load::<L, PART>(vector.as_ptr().add(offset), count);
            let x = load::<L, PART>(self.from.add(offset), count).sub(of(self.means));
            let value = x.mul_add(of(self.factors), of(self.bias));
            store::<L, PART>(value, self.to.add(offset), count);
        }
    }
}
