//! Operators that move elements.

use super::context::{Attributes, ExportContext};
use crate::onnx::ExportError;
use crate::op::movement::{Reshape, Transpose};

pub fn reshape(op: &Reshape, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let shape = node.integers("shape", &op.shape)?;
    // Without the flag, a size of 0 would mean "as the input".
    let attributes = Attributes::new().unless("allowzero", op.shape.contains(&0), false);
    node.write("Reshape", vec![node.input(0), shape], attributes);
    Ok(())
}

pub fn transpose(op: &Transpose, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("Transpose", Attributes::new().with("perm", &op.permutation[..]));
    Ok(())
}
