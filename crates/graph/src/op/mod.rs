//! The operators: what each is, what it takes, and the types of what it gives.
//!
//! A file for each family. [`Op`] is the sum of them all; [`Operator`] is what they have in common.

pub mod elementwise;
mod kinds;
pub mod linear;
pub mod movement;
mod operator;

pub use kinds::Op;
pub use operator::{InferError, Inputs, Operator};
