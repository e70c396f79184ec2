//! Times that can be trusted.
//!
//! - [`compare`] runs a model on several devices: each in child processes of its own, checked against a reference
//!   before it is timed, in interleaved rounds of random order.
//! - [`serve`] is what such a child process does.
//! - [`Comparison`] is the record: raw samples in run order, units, circumstances.
//! - [`duel`] judges two commands of any kind in pairs of processes.
//! - [`function`] times functions of the program that calls it, in child processes of that program.
//! - [`gate`] tells whether what stands here is slower than another revision, and since which commit.
//! - [`operators`] compares devices on operators of one kind each, over sizes, element types and layouts.
//! - [`Partition`] says which benchmarks of a suite belong to one of its parts.
//! - [`TraceDiff`] tells which operations of a program have become slower between two traces.
//! - [`variants`] compares devices on models in several precisions, resolutions and batch sizes.
//! - [`verify`] runs test cases in the layout of ONNX's backend tests.
//! - [`Agreement`]: how far an engine's outputs are from the reference's.
#![forbid(unsafe_code)]

mod agreement;
mod case;
mod clock;
mod compare;
pub mod duel;
mod energy;
mod environment;
mod exchange;
pub mod function;
pub mod gate;
mod hardware;
mod harness;
mod inputs;
mod machine_speed;
mod measurement;
mod memory;
mod model;
pub mod operators;
mod partition;
mod process;
mod protocol;
mod ranking;
mod record;
mod revision;
mod sampler;
mod scratch;
mod session;
mod subject;
mod trace_diff;
mod trial;
pub mod variants;
mod verify;
mod warm_up;
mod worker;

pub use agreement::{Agreement, agreement, tensor_values, tolerance};
pub use case::{CaseOutcome, Tolerance, find_cases, run_case};
pub use clock::{Clock, TICKS_PER_SAMPLE};
pub use compare::{CompareError, Event, Plan, compare};
pub use energy::EnergyCounter;
pub use environment::{Cache, Environment};
pub use inputs::random_tensor;
pub use machine_speed::MachineSpeed;
pub use measurement::{Measurement, Metric, RoundStart, Series, Unit};
pub use memory::peak_resident;
pub use model::{ModelSource, SourceError};
pub use partition::{InvalidPartition, Partition};
pub use ranking::{Ranked, rank};
pub use record::{
    Comparison, FORMAT, Measured, ModelDescription, Outcome, Row, Settings, Stage, WarmUp,
};
pub use subject::Subject;
pub use trace_diff::{OperationDiff, TraceDiff};
pub use verify::{VerifiedCase, VerifyPlan, verify};
pub use worker::serve;
