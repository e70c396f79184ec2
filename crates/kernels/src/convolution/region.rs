//! Parts of the output that are finished.

/// Some pixels and some of their channels: written, and still in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// The first pixel, counted over all images.
    pub pixel: usize,
    /// The number of pixels, one after the other.
    pub pixels: usize,
    /// The first channel.
    pub channel: usize,
    /// The number of channels.
    pub channels: usize,
    /// The number of the thread that wrote it, below the team's threads.
    pub member: usize,
}

/// What happens to the output on its way: `clamp(sum + bias + addend)`, then whatever `finish` does to each region.
#[derive(Clone, Copy)]
pub struct Outlet<'a> {
    /// The output's first element.
    pub out: *mut f32,
    /// The first element of something to be added, as large as the output, and its pitch.
    pub addend: Option<(*const f32, usize)>,
    /// Results are limited to this range; NaN stays.
    pub range: (f32, f32),
    /// Is told of every region as soon as it is written; together they cover the output once.
    pub finish: Option<&'a (dyn Fn(Region) + Sync)>,
}

// SAFETY: the pointers are used by tasks that write disjoint regions; whoever runs a convolution answers for them.
unsafe impl Sync for Outlet<'_> {}
// SAFETY: as above.
unsafe impl Send for Outlet<'_> {}

impl Outlet<'_> {
    pub(crate) fn finished(&self, region: Region) {
        if let Some(finish) = self.finish {
            finish(region);
        }
    }
}
