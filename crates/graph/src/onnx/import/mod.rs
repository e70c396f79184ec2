//! ONNX models into graphs.
//!
//! [`importer`](self::importer) walks over a model's nodes; the functions that translate them, a file for each
//! family of operators, are found by [`table`](self::table) and speak to [`context`](self::context).

mod attention;
mod attributes;
mod bindings;
mod context;
mod conversion;
mod convolution;
mod elementwise;
mod entry;
mod fold;
mod generation;
mod importer;
mod indexing;
mod inputs;
mod linear;
mod movement;
mod nested;
mod nodes;
mod normalization;
mod options;
mod order;
mod pooling;
mod quantization;
mod recurrent;
mod reduction;
mod resampling;
mod scope;
mod shapes;
mod signal;
mod slicing;
pub(super) mod table;
mod versions;
mod windows;

pub use entry::{NEWEST_OPERATOR_SET, OLDEST_OPERATOR_SET, import, import_file};
pub use options::ImportOptions;

use super::proto;

/// The most bytes of a node's name that are kept: they come back in the name of each of its values.
const MAX_LABEL: usize = 256;

/// A node's name, or that of its first output if it has none.
fn label(node: &proto::Node) -> &str {
    let named = std::iter::once(&node.name).chain(&node.output).find(|name| !name.is_empty());
    let name = named.unwrap_or(&node.op_type);
    &name[..name.floor_char_boundary(MAX_LABEL)]
}
