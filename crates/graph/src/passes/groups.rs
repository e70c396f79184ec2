//! The groups of nodes that passes would make one of, without the passes.

use std::collections::HashMap;

use super::rewriter::Rewriter;
use super::{fusion, quantization};
use crate::graph::Graph;
use crate::op::Op;

/// Nodes of a graph that become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FusionGroup {
    /// The nodes, by their places, in an order in which they run.
    pub(crate) nodes: Vec<usize>,
    /// Those that cost nothing any more.
    pub(crate) free: Vec<usize>,
}

/// All groups of a graph, by their first nodes.
pub(crate) fn fusion_groups(graph: &Graph) -> Vec<FusionGroup> {
    // A node of the rewriter that was not added has its place in the graph for a number.
    let mut rewriter = Rewriter::new(graph);
    // The result of a convolution stands for that of the normalisation that goes into its weights.
    let mut folded = HashMap::new();
    let mut groups = Vec::new();
    for node in rewriter.order() {
        let Some(x) = rewriter.input(node, 0) else { continue };
        let Some(before) = rewriter.producer(x) else { continue };
        if quantization::numbers(&rewriter, node).is_some() {
            groups.push(FusionGroup { nodes: vec![before, node], free: vec![before, node] });
        } else if is_folded(&rewriter, node) && rewriter.replace(rewriter.output(node), x).is_ok() {
            folded.insert(before, node);
        }
    }
    // A graph whose types fit has no node that fusion could write wrongly.
    let fused = fusion::epilogues(&mut rewriter)
        .and_then(|mut fused| {
            fused.extend(fusion::pointwise(&mut rewriter)?);
            Ok(fused)
        })
        .unwrap_or_default();
    for mut nodes in fused {
        let norm = folded.remove(&nodes[0]);
        norm.into_iter().for_each(|norm| nodes.insert(1, norm));
        groups.push(FusionGroup { nodes, free: norm.into_iter().collect() });
    }
    let alone = folded.into_iter();
    groups.extend(
        alone.map(|(before, norm)| FusionGroup { nodes: vec![before, norm], free: vec![norm] }),
    );
    groups.sort_by(|left, right| left.nodes.cmp(&right.nodes));
    groups
}

/// Whether a node is batch normalisation that goes into the weights of the convolution before it.
fn is_folded(rewriter: &Rewriter, node: usize) -> bool {
    let found = rewriter.node(node);
    let Op::BatchNormalization(op) = &found.op else { return false };
    let constants = found.inputs[1..].iter().flatten().all(|id| rewriter.constant(*id).is_some());
    let anchor = found.inputs[0].and_then(|x| rewriter.only_for(x)).is_some_and(|before| {
        let weights = rewriter.input(before, 1).and_then(|id| rewriter.numbers(id));
        let takes =
            matches!(rewriter.node(before).op, Op::Conv(_) | Op::ConvTranspose(_) | Op::Gemm(_));
        takes && weights.is_some()
    });
    !op.training && constants && anchor
}
