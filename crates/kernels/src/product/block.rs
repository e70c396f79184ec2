//! A block of the result: lines of tiles, all of one size.

use super::packed::WIDE;
use super::tile::{Finish, Rows, Segment, tile};
use crate::lanes::{Isa, Lanes, Work};
use crate::weight::Weight;

/// `lines` × `tiles` tiles of the result, beside one panel of B.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a, T = f32> {
    pub(crate) rows: Rows,
    pub(crate) segments: &'a [Segment],
    /// As many rows as the segments have elements, each of all columns; the last vector may be filled up.
    pub(crate) b: Rows<T>,
    pub(crate) columns: usize,
    pub(crate) finish: Finish,
    pub(crate) lines: usize,
    pub(crate) tiles: usize,
    /// Elements from one line of A to the next.
    pub(crate) a_line: usize,
    /// Elements from one line of the result to the next.
    pub(crate) out_line: usize,
    /// Elements from one line of the addend to the next.
    pub(crate) addend_line: usize,
}

/// Computes the block with tiles of `rows` rows and `vectors` vectors.
///
/// # Safety
/// As [`tile`], for every tile of the block.
pub(crate) unsafe fn run<T: Weight>(isa: Isa, rows: usize, vectors: usize, block: &Block<'_, T>) {
    macro_rules! choose {
        ($($r:literal: $($v:literal)*;)*) => {
            match (rows, vectors) {
                $($(($r, $v) => isa.run(Tiles::<T, $r, $v>(block)),)*)*
                _ => unreachable!("no tile of {rows} rows and {vectors} vectors"),
            }
        };
    }
    choose! {
        1: 1 2 3 4 5 6;
        2: 1 2 3 4 5 6;
        3: 1 2 3 4 5 6;
        4: 1 2 3 4 5 6;
        5: 1 2 3 4;
        6: 1 2 3 4;
        7: 1 2 3;
        8: 1 2 3;
        9: 1 2 3;
    }
}

struct Tiles<'a, T, const R: usize, const V: usize>(&'a Block<'a, T>);

impl<T: Weight, const R: usize, const V: usize> Work for Tiles<'_, T, R, V> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // Tiles beyond the registers are never asked for, and not worth their code.
        if R > most_rows(L::TILE_ROWS, V) || R > T::TILE_ROWS {
            unreachable!(
                "a tile is larger than the registers, or than weights of its type are met by"
            );
        }
        let block = self.0;
        for line in 0..block.lines {
            for index in 0..block.tiles {
                let (mut rows, mut finish) = (block.rows, block.finish);
                rows.first = rows.first.wrapping_add(line * block.a_line + index * R * rows.pitch);
                finish.out =
                    finish.out.wrapping_add(line * block.out_line + index * R * finish.out_pitch);
                finish.addend = match finish.addend.is_null() {
                    true => finish.addend,
                    false => finish
                        .addend
                        .wrapping_add(line * block.addend_line + index * R * finish.addend_pitch),
                };
                // SAFETY: the caller answers for every tile of the block.
                unsafe {
                    tile::<L, T, R, V>(rows, block.segments, block.b, block.columns, &finish)
                };
            }
        }
    }
}

/// Rows of the largest tile of so many vectors, where one of three vectors has `rows`.
const fn most_rows(rows: usize, vectors: usize) -> usize {
    match vectors {
        1..=3 => rows,
        4 => rows * 2 / 3,
        _ => rows / 2,
    }
}

/// How a line of rows is cut: `full` tiles of `rows` rows, then one of `rest` rows, if that is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) rows: usize,
    pub(crate) full: usize,
    pub(crate) rest: usize,
}

/// The fastest cuts of a line of rows, one for each number of vectors of a panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cuts {
    isa: Isa,
    count: usize,
    cuts: [Cut; WIDE],
}

impl Cuts {
    /// The cuts of the usual line, which has so many rows.
    pub(crate) fn new(isa: Isa, count: usize) -> Self {
        Self { isa, count, cuts: std::array::from_fn(|index| Cut::new(isa, count, index + 1)) }
    }

    /// The cut of a line of `count` rows beside a panel of `vectors` vectors: at hand for the usual line, as finding it
    /// takes as long as a small tile.
    #[inline]
    pub(crate) fn of(&self, count: usize, vectors: usize) -> Cut {
        if count == self.count {
            return self.cuts[vectors - 1];
        }
        Cut::new(self.isa, count, vectors)
    }
}

impl Cut {
    /// The cut of a line into tiles of the weights' type, where that has no tile of every size.
    pub(crate) fn of_few<T: Weight>(isa: Isa, count: usize, vectors: usize) -> Self {
        let rows = most_rows(isa.tile_rows(), vectors).min(T::TILE_ROWS).min(count).max(1);
        Self { rows, full: count / rows, rest: count % rows }
    }

    fn new(isa: Isa, count: usize, vectors: usize) -> Self {
        // A tile takes half a cycle for each of its vectors and element of the sum, but no less than the latency of
        // what it adds to: four cycles.
        let cost = |rows: usize| if rows == 0 { 0 } else { (vectors * rows).max(9) + 1 };
        (1..=most_rows(isa.tile_rows(), vectors))
            .map(|rows| Self { rows, full: count / rows, rest: count % rows })
            .min_by_key(|cut| (cut.full * cost(cut.rows) + cost(cut.rest), usize::MAX - cut.rows))
            .expect("tiles have rows")
    }
}
