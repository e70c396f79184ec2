//! The functions of cells, applied to vectors or to whole rows.

use super::layer::Description;
use crate::lanes::{Isa, Lanes};
use crate::math::Function;
use crate::pointwise::map_in_place;

/// The limit to what goes into a function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(Option<f32>);

impl Limit {
    pub fn of(description: &Description) -> Self {
        Self(description.clip)
    }

    /// # Safety
    /// The processor must have the instruction set of `L`.
    #[inline(always)]
    pub unsafe fn apply<L: Lanes>(self, x: L) -> L {
        match self.0 {
            // SAFETY: as for this function.
            Some(limit) => unsafe { L::splat(limit).min(L::splat(-limit).max(x)) },
            None => x,
        }
    }

    /// Applies the limit and a function to a row.
    pub fn map(self, isa: Isa, function: Function, row: &mut [f32]) {
        if let Some(limit) = self.0 {
            for x in &mut *row {
                // Not `clamp`, which panics if the limit is negative.
                *x = if *x < -limit { -limit } else { *x };
                *x = if *x > limit { limit } else { *x };
            }
        }
        map_in_place(isa, function, row);
    }
}
