//! Matrix products: a tile in registers, panels of packed weights, blocks of tiles.

pub(crate) mod block;
mod multiply;
pub(crate) mod packed;
pub(crate) mod tile;
mod widen;

pub use multiply::{Epilogue, MatrixMut, MatrixRef, Operands, Product, Right};
pub use packed::{Packed, PackedLayout, PackedWeights};
pub use tile::Segment;
