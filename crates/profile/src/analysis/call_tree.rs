//! Calls, merged by the path that led to them.

use std::collections::HashMap;

use crate::nesting::{Visitor, walk};
use crate::trace::{Span, Trace};

/// The calls of a trace, merged by thread and by the path that led to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallTree {
    /// The nodes; each stands behind the one that it was called from.
    pub nodes: Vec<Node>,
}

/// All calls of one operation on one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Position in [`Trace::operations`].
    pub operation: u32,
    /// Position in [`Trace::threads`].
    pub thread: u32,
    /// Position of the node that it was called from; none at the top of a thread.
    pub parent: Option<u32>,
    /// How often it was called on this path.
    pub calls: u64,
    /// Nanoseconds in it and in what it called.
    pub total: u64,
    /// Nanoseconds in it alone.
    pub self_time: u64,
}

impl CallTree {
    /// Merges the spans of a trace.
    pub fn new(trace: &Trace) -> Self {
        let mut merge = Merge::default();
        walk(trace, &mut merge);
        let mut nodes = merge.nodes;
        for position in (0..nodes.len()).rev() {
            nodes[position].total += nodes[position].self_time;
            if let Some(parent) = nodes[position].parent {
                nodes[parent as usize].total += nodes[position].total;
            }
        }
        Self { nodes }
    }

    /// The nodes called from each, and under `None` the top ones; those with most time first.
    pub fn children(&self) -> HashMap<Option<u32>, Vec<u32>> {
        let mut children: HashMap<Option<u32>, Vec<u32>> = HashMap::new();
        for (position, node) in self.nodes.iter().enumerate() {
            children.entry(node.parent).or_default().push(position as u32);
        }
        for siblings in children.values_mut() {
            siblings.sort_by_key(|&node| std::cmp::Reverse(self.nodes[node as usize].total));
        }
        children
    }
}

#[derive(Default)]
struct Merge {
    nodes: Vec<Node>,
    positions: HashMap<(Option<u32>, u32, u32), u32>,
    thread: u32,
    open: Vec<u32>,
}

impl Visitor for Merge {
    fn thread(&mut self, thread: u32) {
        self.thread = thread;
    }

    fn enter(&mut self, span: &Span) {
        let (operation, thread) = (span.operation, self.thread);
        let parent = self.open.last().copied();
        let position = *self.positions.entry((parent, thread, operation)).or_insert_with(|| {
            self.nodes.push(Node { operation, thread, parent, calls: 0, total: 0, self_time: 0 });
            self.nodes.len() as u32 - 1
        });
        self.nodes[position as usize].calls += 1;
        self.open.push(position);
    }

    fn leave(&mut self, _span: &Span, _time: u64, self_time: u64) {
        if let Some(position) = self.open.pop() {
            self.nodes[position as usize].self_time += self_time;
        }
    }
}
