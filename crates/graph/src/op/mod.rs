//! The operators: what each is, what it takes, and the types of what it gives.
//!
//! A file for each family. [`Op`] is the sum of them all; [`Operator`] is what they have in common.

pub mod attention;
pub mod conversion;
pub mod convolution;
pub mod custom;
pub mod einsum;
pub mod elementwise;
pub mod fused;
pub mod indexing;
mod kinds;
pub mod linear;
pub mod movement;
pub mod normalization;
mod operator;
pub mod pooling;
pub mod quantization;
pub mod quantized_convolution;
pub mod recurrent;
pub mod reduction;
pub mod resampling;
pub mod scattering;
pub mod signal;
pub mod slicing;
pub mod window;

pub use kinds::Op;
pub use operator::{InferError, Inputs, Operator};
