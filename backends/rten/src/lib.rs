//! [RTen](https://github.com/robertknight/rten) as a backend: a pure-Rust engine for ONNX models, linked in and
//! so always there.
//!
//! What it cannot do: it computes in `f32`, `i32`, `i8` and `u8` only. `f16` and `f64` are widened or narrowed
//! to `f32`, `i64` and `bool` to `i32` when inputs are bound, and back when outputs are fetched; `bf16` and
//! the other integers are refused. External data must lie in the model's own folder, in a file whose ending begins
//! with `data` or `onnx_data`. It reports neither its memory nor the steps of its plan.
#![forbid(unsafe_code)]

mod backend;
mod conversion;
mod engine;
mod failure;

pub use backend::RtenBackend;
