//! Common subexpressions: what is computed twice is computed once.

use std::collections::HashMap;

use super::PassError;
use super::rewriter::Rewriter;
use crate::graph::ValueId;
use crate::op::Operator;

/// Constants up to this many bytes are compared with each other. Large ones are weights, which are not equal by
/// chance and would take time to compare.
const COMPARED_BYTES: usize = 1 << 12;

pub(super) fn rewrite(rewriter: &mut Rewriter) -> Result<bool, PassError> {
    let mut changed = merge_constants(rewriter)?;
    // Operators carry floats and cannot be hashed; their names and inputs tell nearly all of them apart.
    let mut seen: HashMap<(&'static str, Vec<Option<ValueId>>), Vec<usize>> = HashMap::new();
    for node in rewriter.order() {
        let found = rewriter.node(node);
        let alike = seen.entry((found.op.name(), found.inputs.clone())).or_default();
        let equal = alike.iter().find(|other| rewriter.node(**other).op == found.op);
        let Some(&first) = equal else {
            alike.push(node);
            continue;
        };
        let pairs: Vec<_> =
            found.outputs.iter().copied().zip(rewriter.node(first).outputs.clone()).collect();
        for (output, same) in pairs {
            if rewriter.uses(output) > 0 {
                changed |= rewriter.replace(output, same)?;
            }
        }
    }
    Ok(changed)
}

fn merge_constants(rewriter: &mut Rewriter) -> Result<bool, PassError> {
    let mut seen: HashMap<(crate::TensorType, Vec<u8>), ValueId> = HashMap::new();
    let mut changed = false;
    for id in rewriter.constants() {
        let Some(tensor) = rewriter.constant(id) else { continue };
        if tensor.bytes().len() > COMPARED_BYTES || rewriter.is_output(id) {
            continue;
        }
        let key = (tensor.ty().clone(), tensor.bytes().to_vec());
        match seen.get(&key) {
            Some(&first) => changed |= rewriter.replace(id, first)?,
            None => {
                seen.insert(key, id);
            }
        }
    }
    Ok(changed)
}
