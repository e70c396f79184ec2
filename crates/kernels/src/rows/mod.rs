//! Softmax, normalisation and reduction over the rows or the columns of matrices.
//!
//! Every function takes a block of rows, so that a caller can share a matrix among threads. Sums are of f32, several
//! side by side; means and variances take two passes, so that nothing cancels.

mod fold;
mod group;
mod normalize;
mod reduce;
mod response;
mod softmax;
mod walk;

pub use group::{GroupNorm, group_norm_channels_first, group_norm_channels_last};
pub use normalize::{Norm, layer_norm, lp_norm, rms_norm};
pub use reduce::{Reduction, reduce_columns, reduce_rows};
pub use response::LocalResponse;
pub use softmax::{Softmax, softmax_columns, softmax_rows};

/// A block of rows in memory.
#[derive(Debug, Clone, Copy)]
pub struct Rows<P> {
    /// The first element: `*const f32` to read, `*mut f32` to write.
    pub pointer: P,
    /// Distance between rows in elements.
    pub stride: usize,
}

impl Rows<*const f32> {
    fn row(self, row: usize) -> *const f32 {
        self.pointer.wrapping_add(row * self.stride)
    }
}

impl Rows<*mut f32> {
    fn row(self, row: usize) -> *mut f32 {
        self.pointer.wrapping_add(row * self.stride)
    }
}

#[cfg(test)]
mod tests;
