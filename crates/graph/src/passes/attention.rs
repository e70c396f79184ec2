//! Attention from the matrix products, the scaling, the mask and the softmax that exporters write for it.

use super::PassError;
use super::rewriter::Rewriter;
use crate::dtype::DType;
use crate::graph::ValueId;
use crate::op::Op;
use crate::op::attention::Attention;
use crate::op::elementwise::Binary;
use crate::op::movement::{Reshape, Transpose};
use crate::op::reduction::SoftmaxKind;
use crate::shape::broadcast;

struct Found {
    query: ValueId,
    /// Keys as the product takes them: `[…, D, T]`.
    keys: ValueId,
    values: ValueId,
    mask: Option<ValueId>,
    scale: f64,
}

pub(super) fn rewrite(rewriter: &mut Rewriter, node: usize) -> Result<bool, PassError> {
    let output = rewriter.output(node);
    let Some(found) = find(rewriter, node) else { return Ok(false) };
    let name = rewriter.node(node).name.clone();
    let rank = rewriter.ty(output).rank();
    let mut swapped: Vec<usize> = (0..rank).collect();
    swapped.swap(rank - 2, rank - 1);
    let transpose = Transpose { permutation: swapped };
    let keys = rewriter.apply(format!("{name}/keys"), transpose, &[found.keys])?;
    let mut operands = Vec::new();
    for (part, value) in [("query", found.query), ("keys", keys), ("values", found.values)] {
        let shape = rewriter.shape(value);
        let value = match *shape {
            // A batch of matrices without heads is one of matrices with one head each.
            [batch, rows, columns] => {
                let reshape = Reshape { shape: vec![batch, 1, rows, columns] };
                rewriter.apply(format!("{name}/{part}"), reshape, &[value])?
            }
            _ => value,
        };
        operands.push(Some(value));
    }
    operands.extend(found.mask.map(Some));
    let attention = Attention {
        scale: found.scale as f32,
        softcap: 0.0,
        causal: false,
        left_window: None,
        right_window: None,
        present: false,
        scores: None,
    };
    let mut new = rewriter.add(name.clone(), attention, &operands)?;
    if rewriter.ty(new) != rewriter.ty(output) {
        let shape = rewriter.shape(output).to_vec();
        new = rewriter.apply(format!("{name}/output"), Reshape { shape }, &[new])?;
    }
    rewriter.replace(output, new)
}

fn find(rewriter: &Rewriter, node: usize) -> Option<Found> {
    let Op::MatMul(_) = rewriter.node(node).op else { return None };
    let (shares, values) = (rewriter.input(node, 0)?, rewriter.input(node, 1)?);
    let (Op::Softmax(softmax), [Some(scores)]) = rewriter.made_by(shares)? else { return None };
    let rank = rewriter.ty(shares).rank();
    let floats = rewriter.ty(shares).dtype == DType::F32;
    let fits = softmax.kind == SoftmaxKind::Softmax && softmax.axis + 1 == rank;
    if !fits || !floats || rewriter.uses(shares) != 1 || rewriter.uses(*scores) != 1 {
        return None;
    }
    let (products, mask) = masked(rewriter, *scores);
    let product = rewriter.product(products);
    let [products] = product.factors[..] else { return None };
    let (Op::MatMul(_), [Some(query), Some(keys)]) = rewriter.made_by(products)? else {
        return None;
    };
    if rewriter.uses(products) != 1 {
        return None;
    }
    let (query, query_scale) = scaled(rewriter, *query);
    let (keys, keys_scale) = scaled(rewriter, *keys);
    let scale = product.coefficient * query_scale * keys_scale;
    let found = Found { query, keys, values, mask, scale };
    is_attention(rewriter, &found).then_some(found)
}

/// The scores without the mask that is added to them, and the mask.
fn masked(rewriter: &Rewriter, scores: ValueId) -> (ValueId, Option<ValueId>) {
    let is_product = |value: ValueId| {
        let product = rewriter.product(value);
        matches!(product.factors[..], [one] if matches!(rewriter.made_by(one), Some((Op::MatMul(_), _))))
    };
    let sum = rewriter.operands(scores, Binary::Add).into_iter();
    sum.into_iter()
        .find(|(products, mask)| {
            let keeps_shape = rewriter.shape(*products) == rewriter.shape(scores);
            // A mask of one column would be taken to hide all keys but the first.
            let columns = rewriter.shape(*mask).last() == rewriter.shape(scores).last();
            rewriter.uses(*products) == 1 && keeps_shape && columns && is_product(*products)
        })
        .map_or((scores, None), |(products, mask)| (products, Some(mask)))
}

/// A value without the number that it is multiplied by, and the number, if it can be attention's scale.
fn scaled(rewriter: &Rewriter, value: ValueId) -> (ValueId, f64) {
    let product = rewriter.product(value);
    match product.factors[..] {
        [one] if product.coefficient > 0.0 && rewriter.ty(one) == rewriter.ty(value) => {
            (one, product.coefficient)
        }
        _ => (value, 1.0),
    }
}

/// Whether the operator takes these shapes: equal batches and heads, and queries that are not a vector.
fn is_attention(rewriter: &Rewriter, found: &Found) -> bool {
    let shape = |value: ValueId| rewriter.shape(value);
    let (query, keys, values) = (shape(found.query), shape(found.keys), shape(found.values));
    let rank = query.len();
    if !matches!(rank, 3 | 4) || keys.len() != rank || values.len() != rank {
        return false;
    }
    let outer = rank - 2;
    let alike = query[..outer] == keys[..outer] && query[..outer] == values[..outer];
    let positive = found.scale > 0.0 && !query.contains(&0) && !keys.contains(&0);
    let mask = found.mask.is_none_or(|mask| {
        let scores = [&query[..=outer], &keys[rank - 1..]].concat();
        // With three dimensions, the first is the batch, and a mask of three would be read as one of heads.
        let readable = rank == 4 || shape(mask).len() <= 2;
        readable && broadcast(shape(mask), &scores).is_ok_and(|together| together == scores)
    });
    alike && positive && mask
}
