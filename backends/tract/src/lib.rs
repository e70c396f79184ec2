//! [Tract](https://github.com/sonos/tract) as a backend: a pure-Rust engine for ONNX models, linked in and so
//! always there.
//!
//! What it cannot do: it uses threads for matrix products and large element-wise operators only, refuses
//! element types narrower than a byte and `bf16`, and does not report its memory. Inputs are shared with the
//! caller's binding, so it never computes in place on them.
#![forbid(unsafe_code)]

mod backend;
mod conversion;
mod engine;
mod failure;
mod model;

pub use backend::TractBackend;
