//! Graphs into ONNX models.
//!
//! [`writer`](self::writer) walks over a graph; a file for each family of operators says how its nodes are
//! written, by way of [`context`](self::context).

mod attention;
mod attributes;
mod context;
mod conversion;
mod convolution;
mod elementwise;
mod file;
mod indexing;
mod linear;
mod movement;
mod normalization;
mod operator;
mod opset;
mod quantization;
mod recurrent;
mod reduction;
mod resampling;
mod signal;
mod slicing;
mod writer;

pub use file::export_file;
pub use writer::{ExportOptions, export};
