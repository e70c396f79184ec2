//! Memory that is reserved and not held.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How much of an arena is held, and in how large a piece the rest is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fragmentation {
    /// Bytes that the arena has.
    pub reserved: u64,
    /// Bytes of it that are held.
    pub held: u64,
    /// The largest piece that is free, in bytes; `None` where addresses are not known.
    pub largest_gap: Option<u64>,
}

impl Fragmentation {
    /// Of an arena and the blocks (address and bytes) held in it; blocks may be in any order, and overlap.
    pub fn of_blocks(arena: Range<u64>, blocks: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let ends = |(address, bytes): (u64, u64)| {
            let end = address.saturating_add(bytes).min(arena.end);
            (address.max(arena.start), end)
        };
        let mut blocks: Vec<_> = blocks.into_iter().map(ends).filter(|(a, b)| a < b).collect();
        blocks.sort_unstable();
        let (mut free_from, mut held, mut gap) = (arena.start, 0, 0);
        for (start, end) in blocks {
            gap = gap.max(start.saturating_sub(free_from));
            held += end.saturating_sub(start.max(free_from));
            free_from = free_from.max(end);
        }
        let largest_gap = Some(gap.max(arena.end.saturating_sub(free_from)));
        Self { reserved: arena.end.saturating_sub(arena.start), held, largest_gap }
    }

    /// The share of the reserved bytes that is not held: from 0 to 1.
    pub fn unused(&self) -> f64 {
        match self.reserved {
            0 => 0.0,
            reserved => reserved.saturating_sub(self.held) as f64 / reserved as f64,
        }
    }

    /// The share of the free bytes that lies outside the largest gap: 0 if all is one piece, near 1 if it is crumbs.
    pub fn scattered(&self) -> Option<f64> {
        let free = self.reserved.saturating_sub(self.held);
        let gap = self.largest_gap?;
        Some(if free == 0 { 0.0 } else { 1.0 - gap as f64 / free as f64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_those_between_blocks() {
        let empty = Fragmentation::of_blocks(100..200, []);
        assert_eq!((empty.held, empty.largest_gap, empty.scattered()), (0, Some(100), Some(0.0)));
        let three = Fragmentation::of_blocks(100..200, [(190, 5), (100, 10), (130, 20)]);
        assert_eq!((three.reserved, three.held, three.largest_gap), (100, 35, Some(40)));
        assert_eq!(three.unused(), 0.65);
        assert_eq!(three.scattered(), Some(1.0 - 40.0 / 65.0));
        // Blocks that overlap, or reach beyond the arena, are held once and within it.
        let odd = Fragmentation::of_blocks(100..200, [(90, 20), (105, 10), (180, u64::MAX)]);
        assert_eq!((odd.held, odd.largest_gap), (35, Some(65)));
        let full = Fragmentation::of_blocks(100..200, [(0, 1000)]);
        assert_eq!((full.held, full.largest_gap, full.scattered()), (100, Some(0), Some(0.0)));
    }
}
