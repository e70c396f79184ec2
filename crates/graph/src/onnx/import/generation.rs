//! Importers of operators that make values out of nothing but shapes and numbers. Their outputs become
//! constants.

use super::context::{Imported, NodeContext};
use super::fold;
use super::table::Entry;

pub const OPERATORS: &[Entry] = &[
    Entry::new("Constant", constant).note("Becomes a constant. No strings."),
    Entry::new("ConstantOfShape", generated)
        .since(9)
        .note("Becomes a constant; the shape must be known at load. At most 256 MiB."),
    Entry::new("EyeLike", generated).since(9).note("Becomes a constant."),
    Entry::new("Range", generated)
        .since(11)
        .note("Becomes a constant; the inputs must be known at load."),
    Entry::new("Shape", generated).note("Becomes a constant."),
    Entry::new("Size", generated).note("Becomes a constant."),
];

/// Whatever can be read was made a constant before its importer is asked; this says why it could not.
fn constant(node: &mut NodeContext<'_, '_>) -> Imported {
    let tensor = node.evaluate()?;
    Ok(vec![node.add_constant("value", tensor)?])
}

/// The value of a node that depends on known inputs of the graph only.
pub(super) fn generated(node: &mut NodeContext<'_, '_>) -> Imported {
    if !fold::reads_types_only(node.op_type()) {
        for index in 0..node.input_count() {
            node.required_constant(index, "input")?;
        }
    }
    constant(node)
}
