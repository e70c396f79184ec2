//! All passes, in order, until nothing changes.

use super::rewriter::Rewriter;
use super::{Pass, PassError, PassOptions};
use super::{activations, attention, custom, normalization, quantization};
use super::{affine, affine_chain, batch_norm, common, folding, fusion, half_precision};
use super::{identities, padding};
use crate::graph::Graph;

/// Each round makes the graph smaller or brings it nearer to a normal form, so few are needed; this bounds them in
/// case two passes undo each other's work.
const MOST_ROUNDS: usize = 32;

/// A graph that computes the same as this one, in fewer and larger steps. Inputs, outputs (names, order and types)
/// and fixed inputs are kept; numbers may differ by what the order of rounding makes of them.
///
/// # Errors
/// If constants alone give NaN, or there is no memory for one.
pub fn optimize(graph: &Graph, options: &PassOptions<'_>) -> Result<Graph, PassError> {
    let mut rewriter = Rewriter::new(graph);
    let custom = |rewriter: &mut Rewriter| {
        rewriter.each_node(|rewriter, node| custom::rewrite(rewriter, node, &options.patterns))
    };
    // The caller's patterns name the operators of the model, which other passes may turn into others; and what stood
    // between two operators may have gone in the end.
    custom(&mut rewriter)?;
    run_rounds(&mut rewriter, options)?;
    // The conversions that it adds would hide formulas from the passes that look for them.
    if options.runs(Pass::HalfPrecision) && rewriter.each_node(half_precision::rewrite)? {
        run_rounds(&mut rewriter, options)?;
    }
    custom(&mut rewriter)?;
    // Fused operators are opaque to every other pass, so they come last.
    if options.runs(Pass::Epilogues) {
        fusion::epilogues(&mut rewriter)?;
    }
    if options.runs(Pass::Pointwise) {
        fusion::pointwise(&mut rewriter)?;
    }
    Ok(rewriter.finish())
}

fn run_rounds(rewriter: &mut Rewriter, options: &PassOptions<'_>) -> Result<(), PassError> {
    for _ in 0..MOST_ROUNDS {
        let mut changed = false;
        for pass in Pass::ALL {
            if options.runs(pass) {
                changed |= run_round(pass, rewriter, options)?;
            }
        }
        if !changed {
            break;
        }
    }
    Ok(())
}

fn run_round(
    pass: Pass,
    rewriter: &mut Rewriter,
    options: &PassOptions<'_>,
) -> Result<bool, PassError> {
    match pass {
        Pass::Identities => rewriter.each_node(identities::rewrite),
        Pass::ConstantFolding => {
            rewriter.each_node(|rewriter, node| folding::rewrite(rewriter, node, options))
        }
        Pass::CommonSubexpressions => common::rewrite(rewriter),
        Pass::Quantization => rewriter.each_node(quantization::rewrite),
        Pass::Activations => rewriter.each_node(activations::rewrite),
        Pass::Normalization => rewriter.each_node(normalization::rewrite),
        Pass::Attention => rewriter.each_node(attention::rewrite),
        Pass::BatchNormalization => {
            rewriter.each_node(|rewriter, node| batch_norm::rewrite(rewriter, node, options))
        }
        Pass::Affine => {
            let merged = rewriter.each_node(affine_chain::rewrite)?;
            let absorbed =
                rewriter.each_node(|rewriter, node| affine::rewrite(rewriter, node, options))?;
            Ok(merged || absorbed)
        }
        Pass::Padding => rewriter.each_node(padding::rewrite),
        Pass::HalfPrecision | Pass::Epilogues | Pass::Pointwise => Ok(false),
    }
}
