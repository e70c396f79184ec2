//! The seams between a graph and the engines that run it.
//!
//! A [`Backend`] is an engine; a [`Device`] is a place where it runs; an [`Executable`] is a graph compiled for
//! one device. The [`Registry`] holds the backends that a program has. The shape is PJRT's (client, device,
//! buffer, loaded executable, event) in Rust's idiom.
#![forbid(unsafe_code)]

mod backend;
mod containment;
mod device;
mod error;
mod executable;
mod library_file;
mod library_search;
mod memory;
mod open_signature;
mod options;
mod plan_cache;
mod python_environment;
mod registry;
mod signature;
mod value_engine;

pub use backend::Backend;
pub use containment::contain;
pub use device::{Availability, Device, DeviceInfo, InvalidDeviceName};
pub use error::{Error, Result};
pub use executable::{CompileStats, Completion, Executable, StepRun, StepTime};
pub use library_search::{LibraryAbsent, LibrarySearch};
pub use memory::{MemoryStats, tell_memory};
pub use open_signature::{OpenPort, OpenSignature};
pub use options::CompileOptions;
pub use plan_cache::{PlanCache, PlanCacheStatistics};
pub use python_environment::PythonEnvironment;
pub use registry::Registry;
pub use signature::{Port, Signature};
pub use value_engine::{ValueEngine, ValueExecutable};
