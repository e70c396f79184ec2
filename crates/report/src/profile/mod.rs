//! Traces in a terminal.

mod functions;
mod hotspots;
mod trace_diff;

pub use functions::functions;
pub use hotspots::{bottleneck, hotspots, note, seconds};
pub use trace_diff::trace_diff as diff;
