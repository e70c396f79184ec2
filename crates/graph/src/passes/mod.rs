//! Passes: a graph in, a graph out that computes the same in fewer and larger steps.
//!
//! [`optimize`] runs them all. A file for each; each is found in [`Pass`] with what it does. [`in_precision`] is none of
//! them: what it gives computes the same in fewer digits.

mod activations;
mod affine;
mod affine_chain;
mod attention;
mod batch_norm;
mod chain;
mod common;
mod constants;
mod custom;
mod elementwise;
mod error;
mod expression;
mod folding;
mod fusion;
mod groups;
mod half_precision;
mod identities;
mod normalization;
mod optimize;
mod options;
mod padding;
mod pattern;
mod precision;
mod quantization;
mod rewriter;
#[cfg(test)]
mod tests;
mod unfuse;

pub use chain::fused_chain;
pub use custom::FusionPattern;
pub use error::PassError;
pub use folding::Evaluate;
pub(crate) use groups::fusion_groups;
pub use optimize::optimize;
pub use options::{Pass, PassOptions};
pub use precision::in_precision;
pub use unfuse::unfused;
