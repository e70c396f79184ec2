//! Traces in a terminal.

mod hotspots;
mod trace_diff;

pub use hotspots::{bottleneck, hotspots, note, seconds};
pub use trace_diff::trace_diff as diff;
