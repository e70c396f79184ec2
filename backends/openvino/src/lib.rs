//! [OpenVINO](https://docs.openvino.ai) as a backend, loaded at run time.
//!
//! The library is found by [`tachy_runtime::LibrarySearch`]: the file or folder that `OPENVINO_LIB_PATH` names,
//! the Python package `openvino`, the system. Each of its plugins is a device: `openvino:cpu`, `openvino:gpu`,
//! `openvino:npu`.
//!
//! What it cannot do: its C interface reads external data only from a model's own file, and does not say how
//! much memory a model holds. The processor's plugin computes `f64` in `f32` and 64-bit integers in 32 bits, and
//! gives wrong numbers where they do not fit. It does not name the node of an operator that it lacks.

mod backend;
mod element;
mod executable;
mod failure;
mod library;
mod model;
mod plugin;

pub use backend::OpenVinoBackend;
