//! Images from one layout to the other: channels outermost (`[channels, pixels]`) or innermost (`[pixels, channels]`).

use crate::lanes::{Isa, Lanes, Work};
use crate::shared::{Pointer, PointerMut};
use crate::team::Team;

/// Pixels that one task moves.
const PIXELS: usize = 256;

/// A matrix that is copied transposed: `rows` rows that begin `from_pitch` elements apart become columns, and the rows
/// of what is written begin `to_pitch` elements apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transposition {
    /// How many such matrices follow one another.
    pub batch: usize,
    /// Rows of what is read.
    pub rows: usize,
    /// Columns of what is read.
    pub columns: usize,
    /// Elements from one row to the next of what is read.
    pub from_pitch: usize,
    /// Elements from one row to the next of what is written.
    pub to_pitch: usize,
    /// Elements from one matrix to the next of what is read.
    pub from_step: usize,
    /// Elements from one matrix to the next of what is written.
    pub to_step: usize,
}

impl Transposition {
    /// Copies.
    ///
    /// # Safety
    /// `from` and `to` lead to memory as the sizes say; nobody else writes there.
    pub unsafe fn run(&self, isa: Isa, team: &Team, from: *const f32, to: *mut f32) {
        let pieces = self.columns.div_ceil(PIXELS);
        let (from, to) = (Pointer(from), PointerMut(to));
        team.run(self.batch * pieces, |task| {
            let (from, to) = (&from, &to);
            let (matrix, first) = (task / pieces, task % pieces * PIXELS);
            isa.run(Piece {
                plan: self,
                from: from.0.wrapping_add(matrix * self.from_step + first),
                to: to.0.wrapping_add(matrix * self.to_step + first * self.to_pitch),
                columns: PIXELS.min(self.columns - first),
            });
        });
    }
}

impl Transposition {
    /// Copies one matrix, on one thread.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    pub(crate) unsafe fn run_alone(&self, isa: Isa, from: *const f32, to: *mut f32) {
        isa.run(Piece { plan: self, from, to, columns: self.columns });
    }
}

struct Piece<'a> {
    plan: &'a Transposition,
    from: *const f32,
    to: *mut f32,
    columns: usize,
}

impl Work for Piece<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Transposition { rows, from_pitch, to_pitch, .. } = *self.plan;
        // SAFETY: the squares lie within the matrices; those at the edge touch only what is there.
        unsafe {
            let mut square = [L::splat(0.0); 16];
            let square = &mut square[..L::LANES];
            let mut column = 0;
            while column < self.columns {
                let width = L::LANES.min(self.columns - column);
                let mut row = 0;
                while row < rows {
                    let height = L::LANES.min(rows - row);
                    for (i, line) in square.iter_mut().enumerate() {
                        let pointer = self.from.wrapping_add((row + i) * from_pitch + column);
                        *line = if i >= height {
                            L::splat(0.0)
                        } else if width == L::LANES {
                            L::load(pointer)
                        } else {
                            L::load_first(pointer, width)
                        };
                    }
                    L::transpose(square);
                    for (i, line) in square.iter().enumerate().take(width) {
                        let pointer = self.to.wrapping_add((column + i) * to_pitch + row);
                        match height == L::LANES {
                            true => line.store(pointer),
                            false => line.store_first(pointer, height),
                        }
                    }
                    row += L::LANES;
                }
                column += L::LANES;
            }
        }
    }
}
