//! Loops over a tile of rows and columns.

use crate::lanes::{Lanes, Work};

/// Elements between two looks at what comes next.
const STRETCH: usize = 128;

/// Elements of a cache line.
pub(super) const LINE: usize = 16;

/// Operands and size of a pass over a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass {
    /// The first element of the result and of the operands.
    pub to: *mut f32,
    pub from: [*const f32; 3],
    /// Distances between rows in elements.
    pub to_row: usize,
    pub from_row: [usize; 3],
    pub rows: usize,
    pub columns: usize,
    /// Memory that will be touched soon, as many elements as there are columns.
    pub ahead: [*const f32; 4],
    /// How many of them there are.
    pub aheads: usize,
}

/// What is computed for a vector.
pub(super) trait Body: Copy {
    /// How many operands it reads.
    const OPERANDS: usize;

    /// For each operand whether it is one number for a whole row.
    const SPLAT: [bool; 3];

    /// Whether it takes so few instructions that the loop around short rows would take longer.
    const CHEAP: bool;

    /// The result for the vectors that the pointers show, or for their first `count` lanes if only a part of them is
    /// there.
    ///
    /// # Safety
    /// The processor must have the instruction set of `L`, and as many elements must be readable.
    unsafe fn of<L: Lanes, const PART: bool>(self, from: [*const f32; 3], count: usize) -> L;
}

/// A pass, to be compiled for vectors.
pub(super) struct PassWork<'a, B> {
    pub pass: &'a Pass,
    pub body: B,
}

impl<B: Body> Work for PassWork<'_, B> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Pass { to, from, to_row, from_row, mut rows, mut columns, .. } = *self.pass;
        let body = self.body;
        let mut seamless = to_row == columns;
        for (row, splat) in from_row.iter().zip(B::SPLAT).take(B::OPERANDS) {
            seamless &= *row == if splat { 0 } else { columns };
        }
        if seamless {
            (rows, columns) = (1, rows * columns);
        }
        let vectors = columns / L::LANES;
        let (whole, rest) = (vectors * L::LANES, columns % L::LANES);
        // Short rows go column of vectors by column of vectors.
        let by_column = B::CHEAP && rows > 1 && vectors <= 8;
        let row = Strides { to: to_row, from: from_row };
        // SAFETY: who makes a pass promises the memory behind it; `Isa::run` the instruction set.
        unsafe {
            if by_column {
                let mut column = 0;
                while column < whole {
                    let (to, from) = at::<B>(to, from, column);
                    strip::<L, B, false>(body, to, from, row, rows, L::LANES);
                    column += L::LANES;
                }
            } else {
                let (mut to, mut from) = (to, from);
                for _ in 0..rows {
                    let mut column = 0;
                    while column < whole {
                        let end = whole.min(column + STRETCH);
                        for ahead in &self.pass.ahead[..self.pass.aheads] {
                            prefetch(*ahead, column..end);
                        }
                        // Four at a time where that many are left: they do not depend on each other.
                        while column + 4 * L::LANES <= end {
                            let mut values = [L::splat(0.0); 4];
                            for (index, value) in values.iter_mut().enumerate() {
                                let (_, from) = at::<B>(to, from, column + index * L::LANES);
                                *value = body.of::<L, false>(from, L::LANES);
                            }
                            for (index, value) in values.into_iter().enumerate() {
                                value.store(to.wrapping_add(column + index * L::LANES));
                            }
                            column += 4 * L::LANES;
                        }
                        while column < end {
                            let (to, from) = at::<B>(to, from, column);
                            body.of::<L, false>(from, L::LANES).store(to);
                            column += L::LANES;
                        }
                    }
                    (to, from) = row.next(to, from);
                }
            }
            if rest > 0 {
                let (to, from) = at::<B>(to, from, whole);
                strip::<L, B, true>(body, to, from, row, rows, rest);
            }
        }
    }
}

/// Distances in elements, of the result and of the operands.
#[derive(Debug, Clone, Copy)]
struct Strides {
    to: usize,
    from: [usize; 3],
}

impl Strides {
    #[inline(always)]
    fn next(self, to: *mut f32, from: [*const f32; 3]) -> (*mut f32, [*const f32; 3]) {
        let from = [
            from[0].wrapping_add(self.from[0]),
            from[1].wrapping_add(self.from[1]),
            from[2].wrapping_add(self.from[2]),
        ];
        (to.wrapping_add(self.to), from)
    }
}

/// The place so many columns further.
#[inline(always)]
fn at<B: Body>(to: *mut f32, from: [*const f32; 3], column: usize) -> (*mut f32, [*const f32; 3]) {
    let from = [
        from[0].wrapping_add(if B::SPLAT[0] { 0 } else { column }),
        from[1].wrapping_add(if B::SPLAT[1] { 0 } else { column }),
        from[2].wrapping_add(if B::SPLAT[2] { 0 } else { column }),
    ];
    (to.wrapping_add(column), from)
}

/// A column of vectors, or of the first `count` lanes of vectors.
#[inline(always)]
unsafe fn strip<L: Lanes, B: Body, const PART: bool>(
    body: B,
    mut to: *mut f32,
    mut from: [*const f32; 3],
    stride: Strides,
    steps: usize,
    count: usize,
) {
    for _ in 0..steps {
        // SAFETY: the caller has made sure of the memory and of the instruction set.
        unsafe {
            let value = body.of::<L, PART>(from, count);
            if PART {
                value.store_first(to, count);
            } else {
                value.store(to);
            }
        }
        (to, from) = stride.next(to, from);
    }
}

/// Asks for elements of memory, which need not be there.
#[inline(always)]
fn prefetch(pointer: *const f32, elements: std::ops::Range<usize>) {
    for element in elements.step_by(LINE) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a prefetch reads nothing that could be observed, and never faults.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(pointer.wrapping_add(element).cast());
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = pointer.wrapping_add(element);
    }
}
