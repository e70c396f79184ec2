//! Weights of 16 bits as weights of f32, for products that use each of them often.

use crate::lanes::{Isa, Lanes, Work};
use crate::weight::Weight;

/// Widens whole vectors.
///
/// # Safety
/// There must be as many weights as there are places, and whole vectors of them.
pub(super) unsafe fn widen<T: Weight>(isa: Isa, from: *const T, to: &mut [f32]) {
    isa.run(Widen { from, to });
}

struct Widen<'a, T> {
    from: *const T,
    to: &'a mut [f32],
}

impl<T: Weight> Work for Widen<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let mut from = self.from;
        for vector in self.to.chunks_exact_mut(L::LANES) {
            // SAFETY: the caller answers for the memory, and `Isa::run` for the instruction set.
            unsafe { T::load::<L>(from).store(vector.as_mut_ptr()) }
            from = from.wrapping_add(L::LANES);
        }
    }
}
