//! The bare packing problem: rectangles whose place in time is given and whose offsets are wanted.

use std::ops::Range;

/// A rectangle: one buffer, or several that share their memory.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// First section at which it is alive.
    pub lower: u32,
    /// The section at which it is no longer alive.
    pub upper: u32,
    /// Bytes.
    pub size: u64,
    /// The offset must be a multiple of this.
    pub alignment: u64,
}

impl Item {
    pub(crate) fn length(&self) -> u32 {
        self.upper - self.lower
    }

    pub(crate) fn overlaps(&self, other: &Item) -> bool {
        self.lower < other.upper && other.lower < self.upper
    }
}

/// Items over sections: maximal intervals of time in which nothing is born and nothing dies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instance {
    pub items: Vec<Item>,
    pub sections: usize,
}

impl Instance {
    /// Numbers the sections between all the ends of the items `(lifetime, size, alignment)`.
    ///
    /// The sizes must add up to less than 2⁶⁴, with each rounded up to its alignment.
    pub(crate) fn new(items: &[(Range<u64>, u64, u64)]) -> Self {
        let mut ends: Vec<u64> =
            items.iter().flat_map(|(lifetime, ..)| [lifetime.start, lifetime.end]).collect();
        ends.sort_unstable();
        ends.dedup();
        let section = |time: u64| ends.binary_search(&time).expect("every end is listed") as u32;
        let items = items
            .iter()
            .map(|(lifetime, size, alignment)| Item {
                lower: section(lifetime.start),
                upper: section(lifetime.end),
                size: *size,
                alignment: *alignment,
            })
            .collect();
        Self { items, sections: ends.len().saturating_sub(1) }
    }

    /// Bytes alive at each section.
    pub(crate) fn load(&self) -> Vec<u64> {
        let mut change = vec![(0, 0); self.sections + 1];
        for item in &self.items {
            change[item.lower as usize].0 += item.size;
            change[item.upper as usize].1 += item.size;
        }
        let mut alive = 0;
        change[..self.sections]
            .iter()
            .map(|(born, died)| {
                alive = alive + born - died;
                alive
            })
            .collect()
    }

    /// Bytes that any packing needs.
    pub(crate) fn bound(&self) -> u64 {
        self.load().into_iter().max().unwrap_or(0)
    }

    /// The end of the highest item.
    pub(crate) fn peak(&self, offsets: &[u64]) -> u64 {
        self.items.iter().zip(offsets).map(|(item, offset)| offset + item.size).max().unwrap_or(0)
    }

    /// The parts of time that no item connects, each with the items in it by their position here.
    pub(crate) fn parts(&self) -> Vec<(Instance, Vec<usize>)> {
        let mut by_birth: Vec<usize> = (0..self.items.len()).collect();
        by_birth.sort_by_key(|&index| self.items[index].lower);
        let mut parts: Vec<(Instance, Vec<usize>)> = Vec::new();
        let (mut start, mut until) = (0, 0);
        for index in by_birth {
            let item = &self.items[index];
            if parts.is_empty() || item.lower >= until {
                start = item.lower;
                parts.push((Instance::default(), Vec::new()));
            }
            until = until.max(item.upper);
            let (part, members) = parts.last_mut().expect("one was pushed");
            part.sections = (until - start) as usize;
            part.items.push(Item {
                lower: item.lower - start,
                upper: item.upper - start,
                ..item.clone()
            });
            members.push(index);
        }
        parts
    }
}
