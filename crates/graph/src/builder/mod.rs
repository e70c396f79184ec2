//! Building graphs in Rust: the frame in `core`, and a file of methods for each family of operators.

mod convolution;
mod core;
mod elementwise;
mod linear;
mod movement;
mod prune;
mod quantization;
mod recurrent;
mod reduction;

pub use core::GraphBuilder;
