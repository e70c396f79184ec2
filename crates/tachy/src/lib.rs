//! Tachy finds the fastest correct way to run a model on the hardware at hand, and proves it.
//!
//! This crate is the facade: it puts the rooms of the house together and registers the engines that were built in.
//!
//! ```
//! use std::num::NonZeroUsize;
//! use tachy::graph::{DType, GraphBuilder, Tensor};
//! use tachy::runtime::{CompileOptions, Device};
//!
//! // Describe.
//! let mut builder = GraphBuilder::new("double");
//! let x = builder.input("x", DType::F32, [4]);
//! let sum = builder.add(x, x)?;
//! builder.output(sum, "y")?;
//! let graph = builder.build()?;
//!
//! // Compile for a device, then run.
//! let registry = tachy::registry();
//! let (backend, device) = registry.find(&Device::of("cpu"))?;
//! let options = CompileOptions::default().with_threads(NonZeroUsize::MIN);
//! let mut executable = backend.compile(&graph, &device, &options)?;
//! let outputs = executable.call(&[Tensor::new(&[4], &[1.0f32, 2.0, 3.0, 4.0])?])?;
//! assert_eq!(outputs[0].as_slice::<f32>()?, [2.0, 4.0, 6.0, 8.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

#[cfg(feature = "command")]
mod benchmarker;
#[cfg(feature = "command")]
#[doc(hidden)]
pub mod command;
mod registry;
mod sequential;

#[cfg(feature = "command")]
pub use benchmarker::{benchmarker, serve_if_worker};
pub use registry::{ON_BATTERY, auto, registry, set_on_battery};
pub use sequential::{BufferStats, Sequential, SequentialError};
#[cfg(feature = "bench")]
#[doc(hidden)]
pub use tachy_bench::__bench;
#[cfg(feature = "bench")]
pub use tachy_bench::{AllocationCounter, Bencher, BencherWithInputs, bench, bench_main};
pub use tachy_cpu as cpu;
pub use tachy_graph as graph;
pub use tachy_measure as measure;
pub use tachy_profile as profile;
pub use tachy_report as report;
pub use tachy_runtime as runtime;
pub use tachy_stats as stats;
pub use tachy_store as store;
pub use tachy_tune as tune;
