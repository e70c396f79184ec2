//! What makes two graphs take the same time.

use std::fmt::Write as _;
use std::hash::Hasher;

use tachy_graph::Graph;
use tachy_runtime::CompileOptions;
use twox_hash::XxHash64;

/// Of a graph: its operators, what they are connected with, and all shapes and element types; not its weights, on whose
/// values times do not depend.
pub(crate) fn of_graph(graph: &Graph, options: &CompileOptions) -> String {
    let mut hasher = XxHash64::with_seed(0);
    let mut text = String::new();
    for node in graph.nodes() {
        text.clear();
        let _ = write!(text, "{:?} {:?} {:?};", node.op, node.inputs, node.outputs);
        hasher.write(text.as_bytes());
    }
    for value in graph.values() {
        text.clear();
        let _ = write!(text, "{} {};", value.ty, value.constant().is_some());
        hasher.write(text.as_bytes());
    }
    finish(hasher, options)
}

/// Of a model's file.
pub(crate) fn of_bytes(model: &[u8], options: &CompileOptions) -> String {
    let mut hasher = XxHash64::with_seed(1);
    hasher.write(model);
    finish(hasher, options)
}

fn finish(mut hasher: XxHash64, options: &CompileOptions) -> String {
    let shapes = (&options.dims, &options.input_shapes, options.threads);
    hasher.write(format!("{shapes:?}").as_bytes());
    format!("{:016x}", hasher.finish())
}
