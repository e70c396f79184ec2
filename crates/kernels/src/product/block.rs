//! A block of the result: lines of tiles, all of one size.

use super::tile::{Finish, Rows, Segment, tile};
use crate::lanes::{Isa, Lanes, Work};

/// `lines` × `tiles` tiles of the result, beside one panel of B.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) rows: Rows,
    pub(crate) segments: &'a [Segment],
    pub(crate) b: *const f32,
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
pub(crate) unsafe fn run(isa: Isa, rows: usize, vectors: usize, block: &Block<'_>) {
    macro_rules! choose {
        ($($r:literal: $($v:literal)*;)*) => {
            match (rows, vectors) {
                $($(($r, $v) => isa.run(Tiles::<$r, $v>(block)),)*)*
                _ => unreachable!("no tile of {rows} rows and {vectors} vectors"),
            }
        };
    }
    choose! {
        1: 1 2 3 4 5 6;
        2: 1 2 3 4 5 6;
        3: 1 2 3 4 5 6;
        4: 1 2 3 4 5 6;
        5: 1 2 3;
        6: 1 2 3;
        7: 1 2 3;
        8: 1 2 3;
        9: 1 2 3;
    }
}

struct Tiles<'a, const R: usize, const V: usize>(&'a Block<'a>);

impl<const R: usize, const V: usize> Work for Tiles<'_, R, V> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // Tiles beyond the registers are never asked for, and not worth their code.
        if R > L::TILE_ROWS || (V > 3 && R > L::TILE_ROWS / 2) {
            unreachable!("a tile is larger than the registers");
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
                unsafe { tile::<L, R, V>(rows, block.segments, block.b, block.columns, &finish) };
            }
        }
    }
}

/// How a line of rows is cut: `full` tiles of `rows` rows, then one of `rest` rows, if that is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) rows: usize,
    pub(crate) full: usize,
    pub(crate) rest: usize,
}

impl Cut {
    /// The fastest cut of a line of so many rows.
    pub(crate) fn of(isa: Isa, count: usize) -> Self {
        // A tile of R rows by three vectors takes 3R/2 cycles an element of the sum, but no less than the latency of
        // what it adds to: four cycles.
        let cost = |rows: usize| if rows == 0 { 0 } else { (3 * rows).max(9) + 1 };
        (1..=isa.tile_rows())
            .map(|rows| Self { rows, full: count / rows, rest: count % rows })
            .min_by_key(|cut| (cut.full * cost(cut.rows) + cost(cut.rest), usize::MAX - cut.rows))
            .expect("tiles have rows")
    }
}
