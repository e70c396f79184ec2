//! Times that can be trusted.
//!
//! - [`compare`] runs a model on several devices: each in child processes of its own, checked against a reference
//!   before it is timed, in interleaved rounds of random order.
//! - [`serve`] is what such a child process does.
//! - [`Comparison`] is the record: raw samples in run order, units, circumstances.
//! - [`Agreement`]: how far an engine's outputs are from the reference's.
#![forbid(unsafe_code)]

mod agreement;
mod clock;
mod environment;
mod model;
mod ranking;
mod record;

pub use agreement::{Agreement, agreement, tolerance};
pub use clock::{TICKS_PER_SAMPLE, clock_tick};
pub use environment::Environment;
pub use model::ModelSource;
pub use ranking::{Ranked, rank};
pub use record::{
    Comparison, FORMAT, Measured, Measurement, Metric, ModelDescription, Outcome, RoundStart, Row,
    Series, Settings, Stage, Unit, WarmUp,
};
