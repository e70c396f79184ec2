//! Operators that give elements other places.

use tachy_graph::op::movement::{BlockOrder, DepthToSpace, SpaceToDepth, Tile};
use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;

pub(super) fn tile(cx: &Context<'_>, op: &Tile) -> Result<Array> {
    if op.repeats.is_empty() {
        return Ok(cx.input(0)?.clone());
    }
    cx.stream.tile(cx.input(0)?, &op.repeats)
}

pub(super) fn depth_to_space(cx: &Context<'_>, op: &DepthToSpace) -> Result<Array> {
    let s = cx.stream;
    let shape = cx.shape(0)?;
    let block = op.block_size;
    let (n, c, h, w) = (shape[0], shape[1] / (block * block), shape[2], shape[3]);
    let (apart, order) = match op.order {
        BlockOrder::PositionFirst => ([n, block, block, c, h, w], [0, 3, 4, 1, 5, 2]),
        BlockOrder::ChannelFirst => ([n, c, block, block, h, w], [0, 1, 4, 2, 5, 3]),
    };
    let moved = s.transpose(&s.reshape(cx.input(0)?, &apart)?, &order)?;
    s.reshape(&moved, &cx.output(0).shape)
}

pub(super) fn space_to_depth(cx: &Context<'_>, op: &SpaceToDepth) -> Result<Array> {
    let s = cx.stream;
    let shape = cx.shape(0)?;
    let block = op.block_size;
    let (n, c, h, w) = (shape[0], shape[1], shape[2] / block, shape[3] / block);
    let apart = s.reshape(cx.input(0)?, &[n, c, h, block, w, block])?;
    let order = match op.order {
        BlockOrder::PositionFirst => [0, 3, 5, 1, 2, 4],
        BlockOrder::ChannelFirst => [0, 1, 3, 5, 2, 4],
    };
    s.reshape(&s.transpose(&apart, &order)?, &cx.output(0).shape)
}
