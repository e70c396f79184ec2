//! Convolution of images whose channels are innermost.

mod depthwise;
mod direct;
mod geometry;
mod layer;
mod region;
mod transposed;
mod winograd;

pub use geometry::{Geometry, Images};
pub use layer::{Algorithm, Convolution};
pub use region::{Outlet, Region};
pub use transposed::{Adjoint, TransposedConvolution};
