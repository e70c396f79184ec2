//! The call tree as text.

use std::io::{self, BufWriter, Write};

use crate::analysis::CallTree;
use crate::trace::Trace;
use crate::words;

/// Writes the calls of each thread, merged by the path that led to them, those with most time first.
pub fn call_tree(trace: &Trace, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let tree = CallTree::new(trace);
    let children = tree.children();
    let share = |time: u64| match trace.wall {
        0 => 0.0,
        wall => time as f64 / wall as f64,
    };
    writeln!(out, "{}: {}", trace.name, words::time(trace.wall as f64))?;
    for (position, thread) in trace.threads.iter().enumerate() {
        let top: Vec<u32> = children
            .get(&None)
            .into_iter()
            .flatten()
            .copied()
            .filter(|&node| tree.nodes[node as usize].thread as usize == position)
            .collect();
        if top.is_empty() {
            continue;
        }
        let covered: u64 = top.iter().map(|&node| tree.nodes[node as usize].total).sum();
        let unattributed = trace.wall.saturating_sub(covered);
        writeln!(out, "\nthread {}", thread.name)?;
        writeln!(out, "     total   share        self       calls")?;
        let mut open: Vec<(u32, usize)> = top.iter().rev().map(|&node| (node, 0)).collect();
        while let Some((position, depth)) = open.pop() {
            let node = &tree.nodes[position as usize];
            writeln!(
                out,
                "{:>10}  {:>6}  {:>10}  {:>10}  {:indent$}{}",
                words::time(node.total as f64),
                words::percent(share(node.total)),
                words::time(node.self_time as f64),
                node.calls,
                "",
                trace.operations[node.operation as usize].name,
                indent = 2 * depth,
            )?;
            let called = children.get(&Some(position)).into_iter().flatten();
            open.extend(called.rev().map(|&node| (node, depth + 1)));
        }
        writeln!(
            out,
            "{:>10}  {:>6}  {:>10}  {:>10}  unattributed",
            words::time(unattributed as f64),
            words::percent(share(unattributed)),
            "",
            "",
        )?;
    }
    out.flush()
}
