//! The loop over a row, vector by vector.

use crate::lanes::Lanes;

/// What is done with each vector of a row.
pub(super) trait Walk<L: Lanes> {
    /// Handles the elements from `offset` on: a vector of them, or `count` if only a part is there.
    ///
    /// # Safety
    /// The processor must have the instruction set of `L`, and as many elements must be there.
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize);
}

/// Goes over a row of so many elements.
#[inline(always)]
pub(super) unsafe fn walk<L: Lanes>(elements: usize, body: &mut impl Walk<L>) {
    let mut offset = 0;
    // SAFETY: as for `Walk::at`.
    unsafe {
        while offset + L::LANES <= elements {
            body.at::<false>(offset, L::LANES);
            offset += L::LANES;
        }
        if offset < elements {
            body.at::<true>(offset, elements - offset);
        }
    }
}

/// A vector, or the first lanes of one and zeros.
#[inline(always)]
pub(super) unsafe fn load<L: Lanes, const PART: bool>(from: *const f32, count: usize) -> L {
    // SAFETY: as for `Walk::at`.
    unsafe { if PART { L::load_first(from, count) } else { L::load(from) } }
}

/// Stores a vector, or its first lanes.
#[inline(always)]
pub(super) unsafe fn store<L: Lanes, const PART: bool>(value: L, to: *mut f32, count: usize) {
    // SAFETY: as for `Walk::at`.
    unsafe {
        if PART {
            value.store_first(to, count);
        } else {
            value.store(to);
        }
    }
}

/// The value in the first lanes, and `other` in the rest.
#[inline(always)]
pub(super) unsafe fn fill_up<L: Lanes>(value: L, count: usize, other: L) -> L {
    const LANES: [f32; 16] = [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15.];
    const { assert!(L::LANES <= LANES.len()) }
    // SAFETY: as for `Walk::at`; the table has as many elements.
    unsafe { L::load(LANES.as_ptr()).select_less(L::splat(count as f32), value, other) }
}
