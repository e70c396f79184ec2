//! The native engine on the processor.
//!
//! [`CpuBackend`] optimises a graph, chooses a routine and a layout for every node, packs the weights and plans the
//! memory of all values in one arena; running it then calls the routines in order and does nothing else. Without
//! optimisation, every node is computed by itself, by a kernel that is right before it is fast: that is the reference
//! that all engines' outputs are compared with, this engine's own included.
#![deny(unsafe_code)]

mod backend;
mod calibration;
mod denormals;
mod eager;
mod executable;
mod folding;
mod kernel;
mod kernels;
mod matrix;
mod program;
mod promote;
mod real;
mod routines;
mod workers;

pub use backend::CpuBackend;
pub use calibration::calibrate;
pub use eager::try_fuse;
