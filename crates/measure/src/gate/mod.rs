//! The gate: is what stands here slower than another revision?
//!
//! - [`check`] builds another revision in a checkout of its own, makes a duel of every benchmark of a [`Suite`] between
//!   the two, measures whatever was found a second time in reversed order, and judges all benchmarks as one family.
//! - [`bisect`] finds the commit at which a benchmark became slower.
//! - [`GateRecord`] is what a check leaves behind; a [`Conclusion`] is what follows from it, or from any other comparison
//!   of what was with what is.
//!
//! Both revisions are built and measured on one machine within the same minutes, so that neither an update of the
//! machine nor its mood can be taken for a change of the code.

mod bisect;
mod check;
mod checkout;
mod conclusion;
mod error;
mod record;
mod repository;
mod suite;

pub use bisect::{BisectEvent, BisectOptions, Bisection, Trial, bisect};
pub use check::{CheckOptions, GateEvent, Stage, check};
pub use conclusion::{
    ALARM, Class, Compared, Conclusion, GateFailure, GateVerdict, Status, Thresholds,
};
pub use error::GateError;
pub use record::{FORMAT, GateRecord, GatedBenchmark, Revisions};
pub use suite::{NamedCommand, Suite};
