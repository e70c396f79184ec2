//! [ONNX Runtime](https://onnxruntime.ai) as a backend, loaded at run time.
//!
//! The library is found by [`tachy_runtime::LibrarySearch`]: the file that `ORT_DYLIB_PATH` names, the Python
//! package `onnxruntime`, the system. Each execution provider is a device: `ort:cpu`, `ort:cuda`, `ort:coreml`,
//! `ort:xnnpack`, and others that the library was built with.
//!
//! What it cannot do: the library does not say how many steps a run takes. Versions before 1.23 do not say how much memory
//! a session's arena holds, nor do execution providers other than the CPU's and CUDA's.
//! On devices other than CUDA's the outputs are bound in host memory, so that `run` includes their download.

mod arena;
mod backend;
mod element;
mod executable;
mod failure;
mod library;
mod provider;
mod record;
mod session;

pub use backend::OrtBackend;
