//! A complete search for a packing within a capacity.
//!
//! Any packing can be pressed down until each item rests on the ground or on another. Such a packing is canonical,
//! and it can be built by placing the items in the order of their offsets, each as low as those below it allow. So
//! the search places one item after the other, never below the one before, and gives up a branch as soon as
//!
//! - at some section, the lowest that any remaining item can begin, plus all the remaining bytes, exceeds the capacity;
//! - an item would fit below the one just placed, so that the packing cannot become canonical;
//! - an item that has been passed by can no longer come to rest on another.
//!
//! Wherever no remaining item lives across a boundary in time, the two sides are searched apart from each other.
//! The ideas are those of Moffitt: "MiniMalloc: a lightweight memory allocator for hardware-accelerated machine
//! learning" (2023).

use crate::item::{Instance, Item};

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Solved,
    /// There is no packing within the capacity.
    Impossible,
    /// The steps ran out.
    Unknown,
}

/// A search over one instance.
pub(crate) struct Search<'a> {
    items: &'a [Item],
    capacity: u64,
    /// The items that live at the same time as each.
    neighbours: &'a [Vec<u32>],
    /// Among items of one offset, the least rank goes first.
    ranks: Vec<u32>,
    /// Offsets of the placed items; for the others, the lowest that the placed ones allow.
    offsets: Vec<u64>,
    placed: Vec<bool>,
    /// Bytes not yet placed, at each section.
    load: Vec<u64>,
    /// Scratch: the lowest offset of a remaining item, at each section.
    floor: Vec<Floor>,
    /// What has been done since the start, to be taken back in reverse.
    log: Vec<Change>,
    steps: u64,
    /// How often each section made a branch fail.
    failures: Vec<u64>,
}

/// For each item, those that live at the same time.
pub(crate) fn neighbours(items: &[Item]) -> Vec<Vec<u32>> {
    let mut neighbours = vec![Vec::new(); items.len()];
    let mut by_birth: Vec<u32> = (0..items.len() as u32).collect();
    by_birth.sort_by_key(|&index| items[index as usize].lower);
    for (position, &a) in by_birth.iter().enumerate() {
        for &b in &by_birth[position + 1..] {
            if items[b as usize].lower >= items[a as usize].upper {
                break;
            }
            neighbours[a as usize].push(b);
            neighbours[b as usize].push(a);
        }
    }
    for list in &mut neighbours {
        list.sort_unstable_by_key(|&index| items[index as usize].size);
    }
    neighbours
}

impl<'a> Search<'a> {
    pub(crate) fn new(
        instance: &'a Instance,
        neighbours: &'a [Vec<u32>],
        capacity: u64,
        ranks: Vec<u32>,
        steps: u64,
    ) -> Self {
        let count = instance.items.len();
        Self {
            items: &instance.items,
            capacity,
            neighbours,
            ranks,
            offsets: vec![0; count],
            placed: vec![false; count],
            load: instance.load(),
            floor: vec![Floor::NONE; instance.sections],
            failures: vec![0; instance.sections],
            log: Vec::new(),
            steps,
        }
    }

    /// Searches for a packing of everything.
    pub(crate) fn run(&mut self) -> Outcome {
        let mut all: Vec<u32> = (0..self.items.len() as u32).collect();
        all.sort_by_key(|&index| self.items[index as usize].lower);
        if !self.feasible(&all, 0) {
            return Outcome::Impossible;
        }
        self.apart(&all, 0, 0)
    }

    /// The offsets of the packing, once it is found.
    pub(crate) fn offsets(self) -> Vec<u64> {
        self.offsets
    }

    /// How often each section made a branch fail.
    pub(crate) fn failures(&self) -> &[u64] {
        &self.failures
    }

    /// Steps that were not spent.
    pub(crate) fn steps_left(&self) -> u64 {
        self.steps
    }

    /// Places the remaining items, which are sorted by birth: each stretch of time that they do not cross for itself.
    fn apart(&mut self, remaining: &[u32], height: u64, rank: u32) -> Outcome {
        let mut parts: Vec<&[u32]> = Vec::new();
        let (mut start, mut until) = (0, 0);
        for (position, &index) in remaining.iter().enumerate() {
            let item = &self.items[index as usize];
            if position > start && item.lower >= until {
                parts.push(&remaining[start..position]);
                start = position;
            }
            until = until.max(item.upper);
        }
        if start < remaining.len() {
            parts.push(&remaining[start..]);
        }
        // A failure is found soonest where there is least to try.
        parts.sort_by_key(|part| part.len());
        for part in parts {
            let outcome = self.together(part, height, rank);
            if outcome != Outcome::Solved {
                return outcome;
            }
        }
        Outcome::Solved
    }

    /// Places the remaining items of one stretch of time, the next of them not below `height`.
    fn together(&mut self, remaining: &[u32], height: u64, rank: u32) -> Outcome {
        if self.steps == 0 {
            return Outcome::Unknown;
        }
        self.steps -= 1;
        let mut candidates: Vec<(u64, u32, u32)> = Vec::new();
        let mut cutoff = u64::MAX;
        for &index in remaining {
            let at = index as usize;
            let offset = self.offsets[at];
            cutoff = cutoff.min(offset.max(height) + self.items[at].size);
            if (offset, self.ranks[at]) >= (height, rank) {
                candidates.push((offset, self.ranks[at], index));
            }
        }
        // Everything that is left begins at the next offset or above.
        let (start, end) = self.span(remaining);
        let most = self.load[start..end].iter().copied().max().unwrap_or(0);
        let ceiling = self.capacity.saturating_sub(most);
        candidates.retain(|candidate| {
            candidate.0 < cutoff && candidate.0 <= ceiling && self.fits(candidate.2)
        });
        candidates.sort_unstable();
        let mut rest = Vec::with_capacity(remaining.len());
        for (offset, rank, index) in candidates {
            let mark = self.log.len();
            let free = self.place(index);
            rest.clear();
            rest.extend(remaining.iter().copied().filter(|&other| other != index));
            if self.feasible(&rest, offset) {
                let outcome = self.apart(&rest, offset, rank);
                if outcome != Outcome::Impossible {
                    return outcome;
                }
            }
            self.undo(mark);
            if free {
                // It stands in nobody's way, so what failed will fail with it elsewhere, too.
                return Outcome::Impossible;
            }
        }
        Outcome::Impossible
    }

    /// The sections from the birth of the first to the death of the last.
    fn span(&self, remaining: &[u32]) -> (usize, usize) {
        let start = remaining.first().map_or(0, |&index| self.items[index as usize].lower);
        let end =
            remaining.iter().map(|&index| self.items[index as usize].upper).max().unwrap_or(0);
        (start as usize, end as usize)
    }

    /// Whether there is room above the item, if it is placed now, for what else lives at each of its sections.
    fn fits(&mut self, index: u32) -> bool {
        let item = &self.items[index as usize];
        let room = self.capacity - self.offsets[index as usize];
        for section in item.lower as usize..item.upper as usize {
            if self.load[section] > room {
                self.failures[section] += 1;
                return false;
            }
        }
        true
    }

    /// Places an item at its offset; whether no remaining item lives at the same time.
    fn place(&mut self, index: u32) -> bool {
        let item = &self.items[index as usize];
        let top = self.offsets[index as usize] + item.size;
        self.placed[index as usize] = true;
        self.log.push(Change::Placed(index));
        for load in &mut self.load[item.lower as usize..item.upper as usize] {
            *load -= item.size;
        }
        let mut free = true;
        let neighbours = self.neighbours;
        for &other in &neighbours[index as usize] {
            let at = other as usize;
            if self.placed[at] {
                continue;
            }
            free = false;
            if self.offsets[at] < top {
                self.log.push(Change::Raised(other, self.offsets[at]));
                self.offsets[at] = top.next_multiple_of(self.items[at].alignment);
            }
        }
        free
    }

    fn undo(&mut self, mark: usize) {
        for change in self.log.drain(mark..).rev() {
            match change {
                Change::Raised(index, offset) => self.offsets[index as usize] = offset,
                Change::Placed(index) => {
                    self.placed[index as usize] = false;
                    let item = &self.items[index as usize];
                    for load in &mut self.load[item.lower as usize..item.upper as usize] {
                        *load += item.size;
                    }
                }
            }
        }
    }

    /// Whether the remaining items, sorted by birth and none to be placed below `height`, may still fit.
    fn feasible(&mut self, remaining: &[u32], height: u64) -> bool {
        let Some(&first) = remaining.first() else { return true };
        let start = self.items[first as usize].lower as usize;
        let mut end = start;
        for &index in remaining {
            let item = &self.items[index as usize];
            let (lower, upper) = (item.lower as usize, item.upper as usize);
            let mut offset = self.offsets[index as usize];
            if offset < height {
                // It was passed by: it has to come to rest on one that is yet to be placed.
                let Some(rest) = self.neighbours[index as usize]
                    .iter()
                    .find(|&&other| !self.placed[other as usize])
                else {
                    return false;
                };
                offset = height + self.items[*rest as usize].size;
            }
            if offset + item.size > self.capacity {
                return false;
            }
            if upper > end {
                self.floor[end..upper].fill(Floor::NONE);
                end = upper;
            }
            for floor in &mut self.floor[lower..upper] {
                if offset < floor.first {
                    *floor = Floor { first: offset, size: item.size, second: floor.first };
                } else if offset < floor.second {
                    floor.second = offset;
                }
            }
        }
        for section in start..end {
            let load = self.load[section];
            if load == 0 {
                continue;
            }
            let floor = self.floor[section];
            if floor.first + load > self.capacity
                || (floor.second != u64::MAX && floor.second + (load - floor.size) > self.capacity)
            {
                self.failures[section] += 1;
                return false;
            }
        }
        true
    }
}

/// The lowest offsets that the remaining items of a section allow.
#[derive(Clone, Copy)]
struct Floor {
    first: u64,
    /// The size of the item with the lowest.
    size: u64,
    second: u64,
}

impl Floor {
    const NONE: Floor = Floor { first: u64::MAX, size: 0, second: u64::MAX };
}

/// What is taken back when a branch fails.
enum Change {
    Placed(u32),
    Raised(u32, u64),
}
