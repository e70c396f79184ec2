//! Leaving out what no output needs.

use super::GraphBuilder;
use crate::graph::{Graph, Source, Value, ValueId};

impl GraphBuilder {
    /// Removes nodes and constants that no output depends on. Inputs stay; [`ValueId`]s change.
    pub fn remove_unused(&mut self) {
        let graph = &mut self.graph;
        let mut used = vec![false; graph.values.len()];
        for output in &graph.outputs {
            used[output.index()] = true;
        }
        // Nodes stand in an order in which they can run, so readers come before writers from the back.
        let mut keep = vec![false; graph.nodes.len()];
        for (node, keep) in graph.nodes.iter().zip(&mut keep).rev() {
            *keep = node.outputs.iter().any(|output| used[output.index()]);
            if *keep {
                let values = node.inputs.iter().flatten().chain(&node.outputs);
                values.for_each(|value| used[value.index()] = true);
            }
        }
        for (value, used) in graph.values.iter().zip(&mut used) {
            *used |= matches!(value.source, Source::Input);
        }
        if used.iter().all(|used| *used) {
            return;
        }
        let new = renumber(&used);
        let new_node = renumber(&keep);
        let values = std::mem::take(&mut graph.values).into_iter().zip(&used);
        graph.values = values
            .filter_map(|(mut value, used)| {
                if !used {
                    self.names.remove(&value.name);
                    return None;
                }
                if let Source::Node { node, .. } = &mut value.source {
                    *node = new_node[*node] as usize;
                }
                Some(value)
            })
            .collect::<Vec<Value>>();
        let mut keep = keep.into_iter();
        graph.nodes.retain(|_| keep.next().expect("a flag for each node"));
        map_ids(graph, |id| *id = ValueId(new[id.index()]));
    }
}

/// The numbers of those that stay, if they are counted alone.
fn renumber(stays: &[bool]) -> Vec<u32> {
    let mut next = 0;
    stays
        .iter()
        .map(|stays| {
            let number = next;
            next += u32::from(*stays);
            number
        })
        .collect()
}

fn map_ids(graph: &mut Graph, mut map: impl FnMut(&mut ValueId)) {
    for node in &mut graph.nodes {
        node.inputs.iter_mut().flatten().chain(&mut node.outputs).for_each(&mut map);
    }
    graph.inputs.iter_mut().chain(&mut graph.outputs).for_each(&mut map);
    graph.fixed_inputs.iter_mut().for_each(|fixed| map(&mut fixed.input));
}
