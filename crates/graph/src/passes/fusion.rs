//! Fusion: element-wise nodes become the epilogue of the operator before them, or one sweep of their own.
//!
//! Nodes are taken together if only the last one's result is read from outside: then nothing is computed twice,
//! and no way leads out of the group and back into it. All of them have the shape of the result, so that nothing
//! small is computed again for every element of something large.

use std::collections::{BinaryHeap, HashSet};

use super::PassError;
use super::elementwise::{Written, instruction_count, is_elementwise, write};
use super::rewriter::Rewriter;
use crate::dtype::DType;
use crate::graph::ValueId;
use crate::op::Op;
use crate::op::fused::{Fused, Pointwise};
use crate::shape::broadcast_all;

/// The most that an expression reads, the result of its anchor included.
const MOST_INPUTS: usize = 16;

/// The most instructions of an expression.
const MOST_INSTRUCTIONS: usize = 64;

/// Element-wise nodes after a convolution or a matrix product become its epilogue. The groups of nodes that became
/// one each, the anchor first.
pub(super) fn epilogues(rewriter: &mut Rewriter) -> Result<Vec<Vec<usize>>, PassError> {
    let mut groups = Vec::new();
    from_the_back(rewriter, |rewriter, root, ranks| {
        let group = grown(rewriter, root, ranks);
        let anchors = anchors(rewriter, &group);
        // The last one: then all the others' results are there when it runs.
        let Some(anchor) = anchors.iter().copied().max_by_key(|node| ranks[*node]) else {
            return Ok(());
        };
        let nodes = restricted(rewriter, &group, anchor, &anchors);
        let result = rewriter.output(anchor);
        let written = write(rewriter, &nodes, Some(result), true)
            .filter(|written| written.expression.arity() == written.inputs.len());
        let Some(Written { expression, inputs }) = written else { return Ok(()) };
        let found = rewriter.node(anchor);
        let name = found.name.clone();
        let fused = Fused {
            anchor: Box::new(found.op.clone()),
            anchor_inputs: found.inputs.len(),
            epilogue: expression,
        };
        let mut operands = found.inputs.clone();
        operands.extend(inputs[1..].iter().copied().map(Some));
        let new = rewriter.add(name, fused, &operands)?;
        rewriter.replace(rewriter.output(root), new)?;
        groups.push(std::iter::once(anchor).chain(nodes).collect());
        Ok(())
    })?;
    Ok(groups)
}

/// Two or more element-wise nodes become one. The groups of nodes that did.
pub(super) fn pointwise(rewriter: &mut Rewriter) -> Result<Vec<Vec<usize>>, PassError> {
    let mut groups = Vec::new();
    from_the_back(rewriter, |rewriter, root, ranks| {
        let nodes = grown(rewriter, root, ranks);
        if nodes.len() < 2 {
            return Ok(());
        }
        let shape = rewriter.shape(rewriter.output(root));
        let written = [true, false].into_iter().find_map(|scalars| {
            let written = write(rewriter, &nodes, None, scalars)?;
            // Constants of one element can have more dimensions than all other operands.
            let shapes = written.inputs.iter().map(|id| rewriter.shape(*id));
            let keeps_shape = broadcast_all(shapes).is_ok_and(|together| together == shape);
            (keeps_shape && written.expression.arity() == written.inputs.len()).then_some(written)
        });
        let Some(Written { expression, inputs }) = written else { return Ok(()) };
        let name = rewriter.node(root).name.clone();
        let new = rewriter.apply(name, Pointwise { expression }, &inputs)?;
        rewriter.replace(rewriter.output(root), new)?;
        groups.push(nodes);
        Ok(())
    })?;
    Ok(groups)
}

/// Calls a rule for every element-wise node, the last first, with every node's rank in an order in which they run.
fn from_the_back(
    rewriter: &mut Rewriter,
    mut rule: impl FnMut(&mut Rewriter, usize, &[usize]) -> Result<(), PassError>,
) -> Result<(), PassError> {
    let order = rewriter.order();
    let mut ranks = vec![0; order.iter().max().map_or(0, |last| last + 1)];
    for (rank, node) in order.iter().enumerate() {
        ranks[*node] = rank;
    }
    for node in order.into_iter().rev() {
        if rewriter.is_there(node) && is_elementwise(rewriter, node) {
            rewriter.stand_at(node);
            rule(rewriter, node, &ranks)?;
        }
    }
    Ok(())
}

/// The nodes that a group ending in `root` can hold, in an order in which they run.
fn grown(rewriter: &Rewriter, root: usize, ranks: &[usize]) -> Vec<usize> {
    let shape = rewriter.shape(rewriter.output(root));
    let mut group = HashSet::from([root]);
    let mut inputs: HashSet<ValueId> = operands(rewriter, root).collect();
    let mut instructions = instruction_count(rewriter, root);
    // Readers come before what they read, so whether all readers of a node are in the group is known in time.
    let mut candidates: BinaryHeap<(usize, usize)> = BinaryHeap::new();
    let push = |candidates: &mut BinaryHeap<_>, node: usize| {
        for producer in operands(rewriter, node).filter_map(|id| rewriter.producer(id)) {
            // A node that fusion itself has made has no rank, and is no candidate.
            if let Some(rank) = ranks.get(producer) {
                candidates.push((*rank, producer));
            }
        }
    };
    push(&mut candidates, root);
    while let Some((_, node)) = candidates.pop() {
        if group.contains(&node) || !is_elementwise(rewriter, node) {
            continue;
        }
        let output = rewriter.output(node);
        if rewriter.shape(output) != shape || !is_inside(rewriter, output, &group) {
            continue;
        }
        let mut more = inputs.clone();
        more.remove(&output);
        more.extend(operands(rewriter, node));
        let count = instructions + instruction_count(rewriter, node);
        if more.len() > MOST_INPUTS || count + more.len() > MOST_INSTRUCTIONS {
            continue;
        }
        (inputs, instructions) = (more, count);
        group.insert(node);
        push(&mut candidates, node);
    }
    let mut group: Vec<usize> = group.into_iter().collect();
    group.sort_unstable_by_key(|node| ranks[*node]);
    group
}

fn operands(rewriter: &Rewriter, node: usize) -> impl Iterator<Item = ValueId> {
    rewriter.node(node).inputs.iter().flatten().copied()
}

/// Whether a value is read by these nodes alone.
fn is_inside(rewriter: &Rewriter, value: ValueId, group: &HashSet<usize>) -> bool {
    !rewriter.is_output(value) && rewriter.readers(value).iter().all(|node| group.contains(node))
}

/// The operators whose results only the group reads, and which can have an epilogue.
fn anchors(rewriter: &Rewriter, group: &[usize]) -> Vec<usize> {
    let root = *group.last().expect("a group holds its root");
    let shape = rewriter.shape(rewriter.output(root));
    let members: HashSet<usize> = group.iter().copied().collect();
    let inputs = group.iter().flat_map(|node| operands(rewriter, *node));
    let anchors: HashSet<usize> = inputs
        .filter(|input| {
            let ty = rewriter.ty(*input);
            ty.dtype == DType::F32 && ty.shape == shape && is_inside(rewriter, *input, &members)
        })
        .filter_map(|input| rewriter.producer(input))
        .filter(|node| {
            use Op::{Conv, ConvTranspose, Gemm, MatMul};
            matches!(rewriter.node(*node).op, Conv(_) | ConvTranspose(_) | Gemm(_) | MatMul(_))
        })
        .collect();
    anchors.into_iter().collect()
}

/// The nodes of a group but for those that only another anchor's result goes through: they are its own epilogue.
fn restricted(
    rewriter: &Rewriter,
    group: &[usize],
    anchor: usize,
    anchors: &[usize],
) -> Vec<usize> {
    let reached = |from: &[usize]| {
        let mut reached: HashSet<usize> = from.iter().copied().collect();
        for node in group {
            let mut producers = operands(rewriter, *node).filter_map(|id| rewriter.producer(id));
            if producers.any(|producer| reached.contains(&producer)) {
                reached.insert(*node);
            }
        }
        reached
    };
    let others: Vec<usize> = anchors.iter().copied().filter(|other| *other != anchor).collect();
    let (own, foreign) = (reached(&[anchor]), reached(&others));
    let mut kept: HashSet<usize> = group
        .iter()
        .copied()
        .filter(|node| own.contains(node) || !foreign.contains(node))
        .collect();
    // What a node that was let go reads must be let go, too.
    for node in group.iter().rev().filter(|node| !own.contains(node)) {
        if !is_inside(rewriter, rewriter.output(*node), &kept) {
            kept.remove(node);
        }
    }
    group.iter().copied().filter(|node| kept.contains(node)).collect()
}
