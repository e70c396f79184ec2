//! The memory of a program's values.

use tachy_graph::{Tensor, TensorType};

use super::layout::{Image, Layout};

/// A buffer's place in the list of a program's buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BufferId(pub(crate) usize);

/// One value in one layout.
#[derive(Debug, Clone)]
pub(crate) struct Buffer {
    pub(crate) ty: TensorType,
    pub(crate) layout: Layout,
    pub(crate) home: Home,
}

/// Where a buffer is.
#[derive(Debug, Clone)]
pub(crate) enum Home {
    /// In a tensor that is part of the program.
    Constant(Tensor),
    /// In the arena.
    Arena {
        /// Whether it keeps its place and its content from run to run: inputs and outputs of the program.
        persistent: bool,
        /// Part of another buffer, from this byte on.
        part_of: Option<(BufferId, usize)>,
        /// A buffer whose place it may take over.
        in_place_of: Option<BufferId>,
    },
}

impl Buffer {
    /// Bytes from its first element to its last.
    pub(crate) fn bytes(&self) -> usize {
        let elements = match (self.layout, Image::of(&self.ty)) {
            (Layout::ChannelsLast { pitch }, Some(image)) => {
                (image.batch * image.pixels() - 1) * pitch + image.channels
            }
            _ => self.ty.shape.iter().product(),
        };
        elements * self.ty.dtype.size()
    }
}
