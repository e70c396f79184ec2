//! Tensors and typed graphs: *what* to compute, never where.
//!
//! - [`Tensor`], [`DType`] and [`shape`]: data on the host.
//! - [`convert`]: every element type to every other.
//! - [`op`]: the operators, their parameters and their type rules.
//! - [`onnx`]: models from files and into files; [`files`]: tensors from files and into files.
//! - [`analysis`] and [`cost`]: what a graph is going to need.
//! - [`passes`]: graphs in fewer and larger steps.
//! - [`zoo`]: models that come with Tachy.
//! - [`catalogue`]: graphs of one operator each, to compare devices on.
//! - [`Graph`] and [`GraphBuilder`]: programs made of operators, always valid, every shape known.
#![forbid(unsafe_code)]

pub mod analysis;
mod builder;
pub mod catalogue;
pub mod convert;
pub mod cost;
mod dtype;
pub mod files;
mod graph;
mod listing;
pub mod onnx;
pub mod op;
pub mod passes;
pub mod shape;
mod small_float;
mod tensor;
pub mod zoo;

pub use builder::GraphBuilder;
pub use dtype::{DType, Element, UnknownDType};
pub use graph::{FixedInput, Graph, GraphError, Node, Source, Value, ValueId};
pub use op::{Op, Operator};
pub use shape::{Shape, TensorType};
pub use tensor::{ALIGNMENT, Tensor, TensorError, TensorView, TensorViewMut};
