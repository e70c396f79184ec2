//! Local response normalisation (Krizhevsky et al., 2012).

use super::Rows;
use super::walk::{Walk, load, store, walk};
use crate::lanes::{Isa, Lanes, Work};
use crate::math::{exp, log};

/// x / (bias + α / size · Σ x²)^β, where the sum is over `size` neighbouring channels of the same pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalResponse {
    /// Channels in the window: (size − 1) / 2 before and size / 2 behind, rounded down.
    pub size: usize,
    /// α.
    pub alpha: f32,
    /// β.
    pub beta: f32,
    /// The bias.
    pub bias: f32,
}

impl LocalResponse {
    /// Elements of scratch memory for so many channels.
    pub fn scratch_len(&self, channels: usize) -> usize {
        channels + self.size.min(2 * channels)
    }

    /// Normalises pixels of channels: a row for each pixel. The output may be the input's memory.
    ///
    /// # Safety
    /// As many elements must be there to read and to write.
    ///
    /// # Panics
    /// If there is less scratch memory than [`scratch_len`](Self::scratch_len) says.
    pub unsafe fn run(
        &self,
        isa: Isa,
        from: Rows<*const f32>,
        to: Rows<*mut f32>,
        (pixels, channels): (usize, usize),
        scratch: &mut [f32],
    ) {
        assert!(scratch.len() >= self.scratch_len(channels), "as much scratch memory as needed");
        if self.size == 0 || channels == 0 {
            return;
        }
        // A window beyond all channels reads zeros.
        let before = ((self.size - 1) / 2).min(channels);
        let behind = (self.size / 2).min(channels);
        scratch[..before + channels + behind].fill(0.0);
        let (squares, window) = (scratch.as_mut_ptr(), before + 1 + behind);
        isa.run(Pixels { response: *self, from, to, pixels, channels, squares, before, window });
    }
}

struct Pixels {
    response: LocalResponse,
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    pixels: usize,
    channels: usize,
    /// The squares of a pixel, between zeros.
    squares: *mut f32,
    before: usize,
    window: usize,
}

impl Work for Pixels {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let LocalResponse { size, alpha, beta, bias } = self.response;
        for pixel in 0..self.pixels {
            let (from, to) = (self.from.row(pixel), self.to.row(pixel));
            // SAFETY: the caller promises the memory, `Isa::run` the instruction set.
            unsafe {
                let own = self.squares.add(self.before);
                walk::<L>(self.channels, &mut Squares { from, to: own });
                let squares = self.squares.cast_const();
                let alpha = alpha / size as f32;
                let window = self.window;
                walk::<L>(
                    self.channels,
                    &mut Windows { squares, window, alpha, beta, bias, from, to },
                );
            }
        }
    }
}

struct Squares {
    from: *const f32,
    to: *mut f32,
}

impl<L: Lanes> Walk<L> for Squares {
    #[inline(always)]
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize) {
        // SAFETY: as for this function.
        unsafe {
            let x = load::<L, PART>(self.from.add(offset), count);
            store::<L, PART>(x.mul(x), self.to.add(offset), count);
        }
    }
}

struct Windows {
    squares: *const f32,
    window: usize,
    alpha: f32,
    beta: f32,
    bias: f32,
    from: *const f32,
    to: *mut f32,
}

impl<L: Lanes> Walk<L> for Windows {
    #[inline(always)]
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize) {
        // SAFETY: as for this function.
        unsafe {
            let mut sum = L::splat(0.0);
            for neighbour in 0..self.window {
                sum = sum.add(load::<L, PART>(self.squares.add(offset + neighbour), count));
            }
            let base = sum.mul_add(L::splat(self.alpha), L::splat(self.bias));
            let power = if self.beta == 0.75 {
                let root = base.sqrt();
                root.mul(root.sqrt())
            } else if self.beta == 0.5 {
                base.sqrt()
            } else if self.beta == 1.0 {
                base
            } else {
                exp(log(base).mul(L::splat(self.beta)))
            };
            let x = load::<L, PART>(self.from.add(offset), count);
            store::<L, PART>(x.div(power), self.to.add(offset), count);
        }
    }
}
