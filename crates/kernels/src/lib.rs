//! The inner loops of the native engine: vectorised kernels for f32 on plain memory.
//!
//! Nothing here knows of graphs, tensors or devices. A kernel is prepared once (weights packed, sizes fixed) and then
//! run without an allocation, a lock or a system call. Every kernel is written once, generic over the
//! [`lanes`] of an instruction set, and the set is chosen at run time.

mod aligned;
pub mod convolution;
pub mod lanes;
pub mod layout;
pub mod math;
pub mod pointwise;
pub mod pooling;
pub mod product;
pub mod quantization;
pub mod recurrent;
pub mod rows;
mod shared;
pub mod team;
pub mod weight;

pub use aligned::AlignedVec;
