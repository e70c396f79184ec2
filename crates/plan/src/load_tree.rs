//! Bytes alive over time, kept while lifetimes change.

use std::ops::Range;

/// A segment tree: adds to an interval, and tells the most over an interval.
pub(crate) struct LoadTree {
    ends: Vec<u64>,
    leaves: usize,
    /// The most in each node's interval, without what was added to the nodes above.
    most: Vec<i128>,
    added: Vec<i128>,
}

impl LoadTree {
    /// The tree over the lifetimes; only ends that occur in them can be asked for later.
    pub(crate) fn new(pieces: Vec<(Range<u64>, u64)>) -> Self {
        let mut ends: Vec<u64> =
            pieces.iter().flat_map(|(lifetime, _)| [lifetime.start, lifetime.end]).collect();
        ends.sort_unstable();
        ends.dedup();
        let leaves = ends.len().next_power_of_two();
        let mut tree = Self { ends, leaves, most: vec![0; 2 * leaves], added: vec![0; 2 * leaves] };
        for (lifetime, size) in pieces {
            tree.add(&lifetime, size);
        }
        tree
    }

    pub(crate) fn add(&mut self, lifetime: &Range<u64>, bytes: u64) {
        let range = self.sections(lifetime);
        self.change(1, 0..self.leaves, &range, i128::from(bytes));
    }

    pub(crate) fn subtract(&mut self, lifetime: &Range<u64>, bytes: u64) {
        let range = self.sections(lifetime);
        self.change(1, 0..self.leaves, &range, -i128::from(bytes));
    }

    /// The most bytes at any time of the interval.
    pub(crate) fn most(&self, lifetime: &Range<u64>) -> i128 {
        self.ask(1, 0..self.leaves, &self.sections(lifetime))
    }

    fn sections(&self, lifetime: &Range<u64>) -> Range<usize> {
        let section = |time| self.ends.partition_point(|end| *end < time);
        section(lifetime.start)..section(lifetime.end)
    }

    fn change(&mut self, node: usize, covers: Range<usize>, range: &Range<usize>, bytes: i128) {
        if range.end <= covers.start || covers.end <= range.start {
            return;
        }
        if range.start <= covers.start && covers.end <= range.end {
            self.most[node] += bytes;
            self.added[node] += bytes;
            return;
        }
        let middle = covers.start.midpoint(covers.end);
        self.change(2 * node, covers.start..middle, range, bytes);
        self.change(2 * node + 1, middle..covers.end, range, bytes);
        self.most[node] = self.added[node] + self.most[2 * node].max(self.most[2 * node + 1]);
    }

    fn ask(&self, node: usize, covers: Range<usize>, range: &Range<usize>) -> i128 {
        if range.end <= covers.start || covers.end <= range.start {
            return 0;
        }
        if range.start <= covers.start && covers.end <= range.end {
            return self.most[node];
        }
        let middle = covers.start.midpoint(covers.end);
        let below = (self.ask(2 * node, covers.start..middle, range)).max(self.ask(
            2 * node + 1,
            middle..covers.end,
            range,
        ));
        self.added[node] + below
    }
}
