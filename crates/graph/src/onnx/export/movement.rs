//! Operators that move elements.

use super::context::{Attributes, ExportContext};
use crate::onnx::ExportError;
use crate::op::movement::{
    BlockOrder, DepthToSpace, Expand, Reshape, SpaceToDepth, Tile, Transpose,
};

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

pub fn expand(op: &Expand, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let shape = node.integers("shape", &op.shape)?;
    node.write("Expand", vec![node.input(0), shape], Attributes::new());
    Ok(())
}

pub fn tile(op: &Tile, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let repeats = node.integers("repeats", &op.repeats)?;
    node.write("Tile", vec![node.input(0), repeats], Attributes::new());
    Ok(())
}

pub fn depth_to_space(op: DepthToSpace, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let attributes = Attributes::new().with("blocksize", op.block_size);
    node.direct("DepthToSpace", attributes.unless("mode", order(op.order), "DCR"));
    Ok(())
}

pub fn space_to_depth(op: SpaceToDepth, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    if op.order == BlockOrder::ChannelFirst {
        node.require_opset(28);
    }
    let attributes = Attributes::new().with("blocksize", op.block_size);
    node.direct("SpaceToDepth", attributes.unless("mode", order(op.order), "DCR"));
    Ok(())
}

fn order(order: BlockOrder) -> &'static str {
    match order {
        BlockOrder::PositionFirst => "DCR",
        BlockOrder::ChannelFirst => "CRD",
    }
}
