//! The operators: what each is, what it takes, and the types of what it gives.
//!
//! A file for each family. [`Op`] is the sum of them all; [`Operator`] is what they have in common.

pub mod conversion;
pub mod elementwise;
pub mod indexing;
mod kinds;
pub mod linear;
pub mod movement;
mod operator;
pub mod resampling;
pub mod scattering;
pub mod signal;
pub mod slicing;

pub use kinds::Op;
pub use operator::{InferError, Inputs, Operator};
