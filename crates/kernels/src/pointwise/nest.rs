//! Loops over a tile of rows and columns.

use crate::lanes::{Lanes, Work};

/// Operands and order of a pass over a tile: `lines` times `steps` whole vectors, then what is left at the ends of
/// the rows.
///
/// A line is a row, or, where rows are shorter than they are many, a column of vectors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nest {
    to: *mut f32,
    from: [*const f32; 3],
    lines: usize,
    line: Strides,
    steps: usize,
    step: Strides,
    /// Elements at the end of each row that are less than a vector.
    rest: usize,
    rest_offset: Strides,
    rows: usize,
    row: Strides,
}

/// Distances in elements, of the result and of the operands.
#[derive(Debug, Clone, Copy)]
struct Strides {
    to: usize,
    from: [usize; 3],
}

/// An operand of a pass, or its result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operand {
    pub pointer: *const f32,
    /// Distance between rows in elements.
    pub row: usize,
    /// Whether it is one number for a whole row.
    pub splat: bool,
}

impl Operand {
    /// Whether rows follow each other without a gap.
    fn is_seamless(self, columns: usize) -> bool {
        self.row == if self.splat { 0 } else { columns }
    }
}

impl Nest {
    /// The loops over all elements with vectors of so many lanes.
    pub fn new(
        lanes: usize,
        (to, to_row): (*mut f32, usize),
        operands: [Operand; 3],
        (mut rows, mut columns): (usize, usize),
    ) -> Self {
        let seamless = to_row == columns && operands.iter().all(|o| o.is_seamless(columns));
        if seamless {
            (rows, columns) = (1, rows * columns);
        }
        let width = |elements: usize| Strides {
            to: elements,
            from: operands.map(|operand| if operand.splat { 0 } else { elements }),
        };
        let row = Strides { to: to_row, from: operands.map(|operand| operand.row) };
        let (vectors, rest) = (columns / lanes, columns % lanes);
        let by_row = vectors >= rows || vectors > 16;
        Self {
            to,
            from: operands.map(|operand| operand.pointer),
            lines: if by_row { rows } else { vectors },
            line: if by_row { row } else { width(lanes) },
            steps: if by_row { vectors } else { rows },
            step: if by_row { width(lanes) } else { row },
            rest,
            rest_offset: width(columns - rest),
            rows,
            row,
        }
    }
}

/// What is computed for a vector.
pub(super) trait Body: Copy {
    /// The result for the vectors that the pointers show, or for their first `count` lanes if only a part of them is
    /// there.
    ///
    /// # Safety
    /// The processor must have the instruction set of `L`, and as many elements must be readable.
    unsafe fn of<L: Lanes, const PART: bool>(self, from: [*const f32; 3], count: usize) -> L;
}

/// A pass over a tile.
pub(super) struct NestWork<'a, B> {
    pub nest: &'a Nest,
    pub body: B,
}

impl<B: Body> Work for NestWork<'_, B> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: who makes a nest promises the memory behind it; `Isa::run` the instruction set.
        unsafe {
            let nest = self.nest;
            for line in 0..nest.lines {
                let from = offset(nest.from, nest.line.from, line);
                let to = nest.to.wrapping_add(line * nest.line.to);
                strip::<L, B, false>(self.body, to, from, nest.step, nest.steps, L::LANES);
            }
            if nest.rest > 0 {
                let from = offset(nest.from, nest.rest_offset.from, 1);
                let to = nest.to.wrapping_add(nest.rest_offset.to);
                strip::<L, B, true>(self.body, to, from, nest.row, nest.rows, nest.rest);
            }
        }
    }
}

#[inline(always)]
fn offset(from: [*const f32; 3], strides: [usize; 3], count: usize) -> [*const f32; 3] {
    [
        from[0].wrapping_add(strides[0] * count),
        from[1].wrapping_add(strides[1] * count),
        from[2].wrapping_add(strides[2] * count),
    ]
}

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
        to = to.wrapping_add(stride.to);
        from = offset(from, stride.from, 1);
    }
}
