//! Passes: a graph in, a graph out that computes the same in fewer and larger steps.
//!
//! [`optimize`] runs them all. A file for each; each is found in [`Pass`] with what it does.

mod activations;
mod affine;
mod affine_chain;
mod attention;
mod batch_norm;
mod common;
mod constants;
mod elementwise;
mod error;
mod expression;
mod folding;
mod fusion;
mod identities;
mod normalization;
mod optimize;
mod options;
mod padding;
mod pattern;
mod quantization;
mod rewriter;
#[cfg(test)]
mod tests;
mod unfuse;

pub use error::PassError;
pub use folding::Evaluate;
pub use optimize::optimize;
pub use options::{Pass, PassOptions};
pub use unfuse::unfused;
