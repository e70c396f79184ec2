//! The native engine on the processor.
//!
//! [`CpuBackend`] compiles a graph by choosing a kernel for every node and allocating every
//! value; running it then calls the kernels in order. It is the reference that the other engines' outputs are
//! compared with, so it is right before it is fast.
#![deny(unsafe_code)]

mod backend;
mod executable;
mod kernel;
mod kernels;
mod matrix;
mod promote;
mod real;
mod workers;

pub use backend::CpuBackend;
