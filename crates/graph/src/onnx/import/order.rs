//! An order in which nodes can run.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::onnx::{ImportError, proto};

/// The nodes' places in an order in which each comes after those that it reads from. Nodes that stand in such
/// an order already keep it.
///
/// # Errors
/// If two nodes write one value, or nodes wait for each other in a circle.
pub fn order(nodes: &[proto::Node]) -> Result<Vec<usize>, ImportError> {
    let mut writers = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        for output in node.output.iter().filter(|name| !name.is_empty()) {
            if writers.insert(output.as_str(), index).is_some() {
                return Err(ImportError::Value {
                    value: output.clone(),
                    reason: "two nodes have it as an output, but each value has one origin".into(),
                });
            }
        }
    }
    let mut waiting = vec![0usize; nodes.len()];
    let mut readers = vec![Vec::new(); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        for_each_read(node, &mut |name| {
            if let Some(&writer) = writers.get(name) {
                waiting[index] += 1;
                readers[writer].push(index);
            }
        });
    }
    let mut ready: BinaryHeap<_> =
        (0..nodes.len()).filter(|&index| waiting[index] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(Reverse(index)) = ready.pop() {
        order.push(index);
        for &reader in &readers[index] {
            waiting[reader] -= 1;
            if waiting[reader] == 0 {
                ready.push(Reverse(reader));
            }
        }
    }
    if order.len() == nodes.len() {
        return Ok(order);
    }
    Err(cycle(nodes, &writers, &waiting))
}

/// The nodes that `outputs` depend on, directly or by way of others.
pub fn needed<'a>(
    nodes: &'a [proto::Node],
    outputs: impl IntoIterator<Item = &'a str>,
) -> Vec<bool> {
    let mut writers = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        writers.extend(node.output.iter().map(|output| (output.as_str(), index)));
    }
    writers.remove("");
    let mut needed = vec![false; nodes.len()];
    let mut stack: Vec<usize> =
        outputs.into_iter().filter_map(|name| writers.get(name).copied()).collect();
    while let Some(index) = stack.pop() {
        if std::mem::replace(&mut needed[index], true) {
            continue;
        }
        for_each_read(&nodes[index], &mut |name| stack.extend(writers.get(name)));
    }
    needed
}

/// Calls `f` with every name that a node reads, those of the graphs within it included.
fn for_each_read<'a>(node: &'a proto::Node, f: &mut impl FnMut(&'a str)) {
    // Names that a graph within the node defines for itself may be among them. A graph must not give a value
    // the name of one outside, so that these stand for nothing here.
    let mut nodes = vec![node];
    while let Some(node) = nodes.pop() {
        node.input.iter().for_each(|name| f(name));
        for graph in node.attribute.iter().filter_map(|attribute| attribute.g.as_deref()) {
            nodes.extend(&graph.node);
            graph.output.iter().for_each(|output| f(&output.name));
        }
    }
}

/// The error for nodes that wait for each other: walks back from one of them until a node comes up again.
fn cycle(nodes: &[proto::Node], writers: &HashMap<&str, usize>, waiting: &[usize]) -> ImportError {
    let mut index = waiting.iter().position(|&count| count > 0).expect("some node waits");
    let mut seen = vec![false; nodes.len()];
    loop {
        // Whoever waits reads something whose writer waits.
        let mut next = None;
        for_each_read(&nodes[index], &mut |name| {
            if let Some(&writer) = writers.get(name)
                && waiting[writer] > 0
            {
                next = Some((writer, name.to_owned()));
            }
        });
        let (writer, value) = next.expect("a node that waits has someone to wait for");
        if std::mem::replace(&mut seen[writer], true) {
            let node = super::label(&nodes[writer]).to_owned();
            return ImportError::Cycle { node, value };
        }
        index = writer;
    }
}
