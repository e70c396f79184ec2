//! The measured winner for every call.
//!
//! - [`AutoBackend`] is a device that gives every graph to the device that was measured to be the fastest for it.
//! - [`Routes`] is what it knows: times of operators over their work, and of whole models.
//! - [`MachineState`] tells whether the machine runs on battery or is throttled, and [`OnBattery`] what follows.
//! - [`Benchmarker`] measures operators on devices for a program of yours.
//! - [`guess`](guess::guess) is what serves until something was measured, by the devices' peaks where [`PeaksMemory`] has them.
#![forbid(unsafe_code)]

mod auto;
mod benchmarker;
mod choice;
mod engines;
mod fingerprint;
pub mod guess;
mod memory;
mod models;
mod options;
mod peaks;
mod routed;
mod routes;
mod state;
#[cfg(test)]
mod tests;
mod timing;

pub use auto::{AUTO, AutoBackend};
pub use benchmarker::{
    BenchmarkConfig, BenchmarkError, Benchmarker, DeviceComparison, Speedup, Timing,
};
pub use choice::{Choice, Reason};
pub use memory::{Memory, cache_folder};
pub use models::ModelVariants;
pub use options::{AutoOptions, InvalidPolicy, OnBattery};
pub use peaks::PeaksMemory;
pub use routes::{Known, Routes};
pub use state::MachineState;
