//! Operators that change nothing but the shape.

use tachy_graph::Node;

use crate::program::Lowering;

/// The output has the input's bytes: no step at all.
pub(super) fn lower(lowering: &mut Lowering<'_>, node: &Node) -> bool {
    let Some(input) = node.inputs[0] else { return false };
    let input = lowering.read_row_major(input);
    lowering.set_row_major(node.outputs[0], input);
    true
}
