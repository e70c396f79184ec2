//! Times of functions: benchmarks that are part of the program that measures them.
//!
//! - [`measure`] starts the program again and again, each time for one benchmark, in an order drawn by lot, and
//!   gathers the samples in a [`Record`].
//! - [`serve`] is what such a child process does: it hands a [`Meter`] to the benchmark, which has it
//!   [`measure`](Meter::measure) a [`Routine`].

mod meter;
mod protocol;
mod record;
mod routine;
mod session;

pub use meter::{Meter, serve};
pub use record::{Benchmark, FORMAT, Outcome, Record, Settings, Throughput};
pub use routine::{Gauge, Routine, Tally};
pub use session::{Case, Event, Plan, measure};
