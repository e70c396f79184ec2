//! The seams between a graph and the engines that run it.
//!
//! A [`Backend`] is an engine; a [`Device`] is a place where it runs; an [`Executable`] is a graph compiled for
//! one device. The [`Registry`] holds the backends that a program has. The shape is PJRT's (client, device,
//! buffer, loaded executable, event) in Rust's idiom.
#![forbid(unsafe_code)]

mod backend;
mod device;
mod error;
mod executable;
mod options;
mod registry;
mod signature;

pub use backend::Backend;
pub use device::{Availability, Device, DeviceInfo, InvalidDeviceName};
pub use error::{Error, Result};
pub use executable::{CompileStats, Completion, Executable, MemoryStats};
pub use options::CompileOptions;
pub use registry::Registry;
pub use signature::{Port, Signature};
