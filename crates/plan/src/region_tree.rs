//! Which of the items that live within a window of time comes first in some order.

use crate::item::Item;

/// Items in a leaf.
const LEAF: usize = 8;

/// A k-d tree over the (lower, upper) of the items, that knows the best of each subtree. Items can only be removed.
pub(crate) struct RegionTree {
    nodes: Vec<Node>,
    /// Index of the first leaf's node.
    leaves: usize,
    /// The items, leaf by leaf; what was removed has no rank.
    entries: Vec<Entry>,
    /// Where each item is in `entries`.
    position: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Entry {
    lower: u32,
    upper: u32,
    rank: u32,
    item: u32,
}

#[derive(Clone, Copy)]
struct Node {
    lowest_lower: u32,
    highest_lower: u32,
    lowest_upper: u32,
    highest_upper: u32,
    /// The least rank in the subtree.
    best: u32,
    item: u32,
}

const NONE: u32 = u32::MAX;

impl Node {
    const EMPTY: Node = Node {
        lowest_lower: u32::MAX,
        highest_lower: 0,
        lowest_upper: u32::MAX,
        highest_upper: 0,
        best: NONE,
        item: 0,
    };

    fn union(self, other: Node) -> Node {
        let (best, item) = (self.best, self.item).min((other.best, other.item));
        Node {
            lowest_lower: self.lowest_lower.min(other.lowest_lower),
            highest_lower: self.highest_lower.max(other.highest_lower),
            lowest_upper: self.lowest_upper.min(other.lowest_upper),
            highest_upper: self.highest_upper.max(other.highest_upper),
            best,
            item,
        }
    }
}

impl RegionTree {
    /// The tree over all items; `ranks` are theirs, all different, and the least comes first.
    pub(crate) fn new(items: &[Item], ranks: &[u32]) -> Self {
        let mut entries: Vec<Entry> = (items.iter().zip(ranks).enumerate())
            .map(|(index, (item, &rank))| Entry {
                lower: item.lower,
                upper: item.upper,
                rank,
                item: index as u32,
            })
            .collect();
        let leaves = items.len().div_ceil(LEAF).next_power_of_two();
        arrange(&mut entries, leaves, true);
        let mut position = vec![0; items.len()];
        for (place, entry) in entries.iter().enumerate() {
            position[entry.item as usize] = place as u32;
        }
        let mut tree = Self { nodes: vec![Node::EMPTY; 2 * leaves], leaves, entries, position };
        for leaf in 0..leaves {
            tree.nodes[leaves + leaf] = tree.summary(leaf);
        }
        for node in (1..leaves).rev() {
            tree.nodes[node] = tree.nodes[2 * node].union(tree.nodes[2 * node + 1]);
        }
        tree
    }

    fn leaf(&self, leaf: usize) -> std::ops::Range<usize> {
        let cut = |leaf: usize| leaf * self.entries.len() / self.leaves;
        cut(leaf)..cut(leaf + 1)
    }

    fn summary(&self, leaf: usize) -> Node {
        self.entries[self.leaf(leaf)]
            .iter()
            .filter(|entry| entry.rank != NONE)
            .map(|entry| Node {
                lowest_lower: entry.lower,
                highest_lower: entry.lower,
                lowest_upper: entry.upper,
                highest_upper: entry.upper,
                best: entry.rank,
                item: entry.item,
            })
            .fold(Node::EMPTY, Node::union)
    }

    /// Takes an item out.
    pub(crate) fn remove(&mut self, item: usize) {
        let place = self.position[item] as usize;
        self.entries[place].rank = NONE;
        let count = self.entries.len();
        let mut leaf = place * self.leaves / count;
        while self.leaf(leaf).end <= place {
            leaf += 1;
        }
        let mut node = self.leaves + leaf;
        self.nodes[node] = self.summary(leaf);
        while node > 1 {
            node /= 2;
            self.nodes[node] = self.nodes[2 * node].union(self.nodes[2 * node + 1]);
        }
    }

    /// The first of the items that live within `lower..upper`.
    pub(crate) fn first_within(&self, lower: u32, upper: u32) -> Option<usize> {
        let mut best = (NONE, 0);
        self.search(1, lower, upper, &mut best);
        (best.0 != NONE).then_some(best.1 as usize)
    }

    fn search(&self, index: usize, lower: u32, upper: u32, best: &mut (u32, u32)) {
        let node = &self.nodes[index];
        if node.best >= best.0 || node.highest_lower < lower || node.lowest_upper > upper {
            return;
        }
        if node.lowest_lower >= lower && node.highest_upper <= upper {
            *best = (node.best, node.item);
            return;
        }
        if index >= self.leaves {
            for entry in &self.entries[self.leaf(index - self.leaves)] {
                if entry.rank < best.0 && entry.lower >= lower && entry.upper <= upper {
                    *best = (entry.rank, entry.item);
                }
            }
            return;
        }
        // The side that promises more goes first, so that the other is more often skipped.
        let (left, right) = (2 * index, 2 * index + 1);
        let swap = self.nodes[right].best < self.nodes[left].best;
        let (near, far) = if swap { (right, left) } else { (left, right) };
        self.search(near, lower, upper, best);
        self.search(far, lower, upper, best);
    }
}

/// Halves the entries by lower and by upper in turn, down to the leaves.
fn arrange(entries: &mut [Entry], leaves: usize, by_lower: bool) {
    if leaves == 1 || entries.len() < 2 {
        return;
    }
    // The same cut as the leaves' own: half of a power of two of them.
    let middle = entries.len() / 2;
    if by_lower {
        entries.select_nth_unstable_by_key(middle, |entry| (entry.lower, entry.item));
    } else {
        entries.select_nth_unstable_by_key(middle, |entry| (entry.upper, entry.item));
    }
    let (left, right) = entries.split_at_mut(middle);
    arrange(left, leaves / 2, !by_lower);
    arrange(right, leaves / 2, !by_lower);
}
