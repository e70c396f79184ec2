//! Best fit on a skyline.
//!
//! The arena is filled from below. The skyline is what has been filled so far, over time. Its lowest valley gets the
//! first item, in a given order, that lives within it; a valley that none fits is filled up to its lower shore.
//! Sekiyama, Imai, Negishi, Doi: "Profile-guided memory optimization for deep neural networks" (2018).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::item::Instance;
use crate::region_tree::RegionTree;

/// Offsets for all items; `ranks` are theirs, all different, and the least goes first.
pub(crate) fn skyline(instance: &Instance, ranks: &[u32]) -> Vec<u64> {
    let mut tree = RegionTree::new(&instance.items, ranks);
    let mut line = Line::new(instance.sections as u32);
    let mut offsets = vec![0; instance.items.len()];
    let mut left = instance.items.len();
    while left > 0 {
        let (start, end, height) = line.lowest();
        let Some(index) = tree.first_within(start, end) else {
            line.fill(start);
            continue;
        };
        let item = &instance.items[index];
        offsets[index] = height.next_multiple_of(item.alignment);
        line.place(start, item.lower, item.upper, offsets[index] + item.size);
        tree.remove(index);
        left -= 1;
    }
    offsets
}

/// The skyline: valleys and peaks, each named by the section where it starts.
struct Line {
    /// For each start: its end (0 if nothing starts there), its height, and the start of what lies to its left.
    ends: Vec<u32>,
    heights: Vec<u64>,
    before: Vec<u32>,
    queue: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Line {
    fn new(sections: u32) -> Self {
        let count = sections as usize + 1;
        let mut line = Self {
            ends: vec![0; count],
            heights: vec![0; count],
            before: vec![u32::MAX; count],
            queue: BinaryHeap::new(),
        };
        line.ends[0] = sections;
        line.queue.push(Reverse((0, 0)));
        line
    }

    fn sections(&self) -> u32 {
        self.ends.len() as u32 - 1
    }

    /// The leftmost of the lowest valleys: its start, end and height.
    fn lowest(&mut self) -> (u32, u32, u64) {
        loop {
            let &Reverse((height, start)) = self.queue.peek().expect("the line is never empty");
            let at = start as usize;
            if self.ends[at] != 0 && self.heights[at] == height {
                return (start, self.ends[at], height);
            }
            self.queue.pop();
        }
    }

    /// Fills the valley up to its lower shore.
    fn fill(&mut self, start: u32) {
        let at = start as usize;
        let left = (start > 0).then(|| self.heights[self.before[at] as usize]);
        let end = self.ends[at];
        let right = (end < self.sections()).then(|| self.heights[end as usize]);
        let height = match (left, right) {
            (Some(left), Some(right)) => left.min(right),
            (Some(shore), None) | (None, Some(shore)) => shore,
            (None, None) => unreachable!("every item lives within the whole time"),
        };
        self.heights[at] = height;
        let start = self.join(start);
        self.queue.push(Reverse((height, start)));
    }

    /// Joins what starts here with its neighbours of the same height; the start of the result.
    fn join(&mut self, start: u32) -> u32 {
        let mut start = start;
        let end = self.ends[start as usize];
        if end < self.sections() && self.heights[end as usize] == self.heights[start as usize] {
            self.absorb(start, end);
        }
        if start > 0 {
            let left = self.before[start as usize];
            if self.heights[left as usize] == self.heights[start as usize] {
                self.absorb(left, start);
                start = left;
            }
        }
        start
    }

    fn absorb(&mut self, left: u32, right: u32) {
        let end = self.ends[right as usize];
        self.ends[left as usize] = end;
        self.ends[right as usize] = 0;
        if end < self.sections() {
            self.before[end as usize] = left;
        }
    }

    /// Raises `lower..upper`, which lies within what starts at `start`.
    fn place(&mut self, start: u32, lower: u32, upper: u32, height: u64) {
        let (end, floor) = (self.ends[start as usize], self.heights[start as usize]);
        if upper < end {
            self.insert(upper, end, floor, lower);
            if end < self.sections() {
                self.before[end as usize] = upper;
            }
        } else if end < self.sections() {
            self.before[end as usize] = lower;
        }
        if start < lower {
            self.ends[start as usize] = lower;
            self.insert(lower, upper, height, start);
        } else {
            let before = self.before[start as usize];
            self.insert(lower, upper, height, before);
        }
        let joined = self.join(lower);
        if joined != lower || self.ends[joined as usize] != upper {
            self.queue.push(Reverse((height, joined)));
        }
    }

    fn insert(&mut self, start: u32, end: u32, height: u64, before: u32) {
        let at = start as usize;
        (self.ends[at], self.heights[at], self.before[at]) = (end, height, before);
        self.queue.push(Reverse((height, start)));
    }
}
