//! Where the elements of a sliding window lie in an image.

use std::ops::Range;

use tachy_graph::op::window::Window;

/// One window sliding over one image of any number of spatial dimensions.
///
/// A *tap* is one element of the window, a *position* one place of the window; both are counted in row-major
/// order. Convolution gathers over the segments of every tap, pooling reduces over them, and the adjoint of
/// convolution scatters over them.
pub(crate) struct Geometry {
    image: Vec<usize>,
    positions: Vec<usize>,
    window: Window,
}

/// Neighbouring positions at which a tap lies inside the image.
pub(crate) struct Segment {
    /// The first position, counted from the start of the range that was asked for.
    pub position: usize,
    /// The number of positions.
    pub length: usize,
    /// Where the tap lies in the image at the first position, as a flat index.
    pub image: usize,
    /// How far it moves in the image from one position to the next.
    pub step: usize,
}

impl Segment {
    /// The positions.
    pub(crate) fn range(&self) -> Range<usize> {
        self.position..self.position + self.length
    }

    /// The elements of the image, one for each position.
    pub(crate) fn elements<'a, T: Copy>(&self, image: &'a [T]) -> impl Iterator<Item = T> + 'a {
        image[self.image..].iter().step_by(self.step).take(self.length).copied()
    }
}

impl Geometry {
    /// A window that takes these numbers of positions in an image of this size.
    pub(crate) fn new(image: &[usize], positions: &[usize], window: &Window) -> Self {
        Self { image: image.to_vec(), positions: positions.to_vec(), window: window.clone() }
    }

    /// The number of elements of the window.
    pub(crate) fn taps(&self) -> usize {
        self.window.kernel.iter().product()
    }

    /// The number of positions.
    pub(crate) fn positions(&self) -> usize {
        self.positions.iter().product()
    }

    /// The number of elements of the image.
    pub(crate) fn image_size(&self) -> usize {
        self.image.iter().product()
    }

    /// The spatial sizes of the image.
    pub(crate) fn image(&self) -> &[usize] {
        &self.image
    }

    /// Whether the taps are the image itself: a window of one element that moves by one, without padding.
    pub(crate) fn is_pointwise(&self) -> bool {
        self.window.kernel.iter().chain(&self.window.strides).all(|value| *value == 1)
            && self.window.pads_begin.iter().all(|value| *value == 0)
            && self.image == self.positions
    }

    /// Calls `visit` with every segment of a tap among a range of positions, in order.
    pub(crate) fn for_each_segment(
        &self,
        tap: usize,
        range: Range<usize>,
        mut visit: impl FnMut(Segment),
    ) {
        let last = self.image.len() - 1;
        let width = self.positions[last];
        let mut position = range.start;
        while position < range.end {
            let column = position % width;
            let count = (width - column).min(range.end - position);
            if let Some(row) = self.image_row(tap, position / width) {
                let stride = self.window.strides[last];
                let offset = self.tap_offset(last, tap % self.window.kernel[last]);
                // The columns whose elements lie inside: 0 ≤ column · stride + offset < image width.
                let first = offset.min(0).unsigned_abs().div_ceil(stride).max(column);
                let end = self.image[last]
                    .checked_add_signed(-offset)
                    .map_or(0, |room| room.div_ceil(stride).min(column + count));
                if first < end {
                    visit(Segment {
                        position: position - range.start + first - column,
                        length: end - first,
                        image: row + (first * stride).strict_add_signed(offset),
                        step: stride,
                    });
                }
            }
            position += count;
        }
    }

    /// Where a tap lies along an axis at the first position.
    fn tap_offset(&self, axis: usize, tap: usize) -> isize {
        (tap * self.window.dilations[axis]) as isize - self.window.pads_begin[axis] as isize
    }

    /// The start of the image's row in which a tap lies at a row of positions; `None` if it lies outside.
    fn image_row(&self, tap: usize, row: usize) -> Option<usize> {
        let last = self.image.len() - 1;
        let (mut tap, mut row) = (tap / self.window.kernel[last], row);
        let (mut start, mut size) = (0, self.image[last]);
        for axis in (0..last).rev() {
            let offset = self.tap_offset(axis, tap % self.window.kernel[axis]);
            let place = ((row % self.positions[axis]) * self.window.strides[axis])
                .checked_add_signed(offset)
                .filter(|place| *place < self.image[axis])?;
            start += place * size;
            size *= self.image[axis];
            tap /= self.window.kernel[axis];
            row /= self.positions[axis];
        }
        Some(start)
    }
}
