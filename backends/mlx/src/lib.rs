//! MLX as a backend: on Linux's processors, on NVIDIA's GPUs through CUDA, and on Apple's through Metal.
//!
//! MLX is a C++ library. A small shim of ours speaks to it and has a plain C surface; it is compiled with MLX's headers
//! when this crate is built, and carried inside of it. MLX itself is found and loaded when the program runs, so one
//! program works with the library for processors and with that for CUDA; where there is none, the devices are absent.
//!
//! - [`MlxBackend`]: graphs on `mlx:cpu` and `mlx:gpu`.
//! - [`Array`] and [`Stream`]: MLX's own lazy arrays, for what a graph does not say, such as its quantised products.
//! - [`Function`]: a traced and compiled function of arrays.
//! - [`memory`]: MLX's figures and limits of memory.

// Without the shim nothing can be loaded, and what would speak to it is not reached.
#![cfg_attr(not(all(unix, mlx_shim)), allow(dead_code))]

mod array;
mod backend;
mod element;
mod executable;
mod failure;
mod function;
mod library;
mod lowering;
pub mod memory;
mod operation;
mod stream;
mod table;

pub use array::Array;
pub use backend::MlxBackend;
pub use element::Element;
pub use function::Function;
pub use library::library_version;
pub use stream::{Convolution, Quantization, QuantizationMode, Quantized, Stream, Unit};
