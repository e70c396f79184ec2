//! Traces in a terminal.

pub(crate) mod functions;
mod hotspots;
mod memory;
mod trace_diff;

pub use functions::functions;
pub use hotspots::{bottleneck, hotspots, note, seconds};
pub use memory::memory;
pub use trace_diff::trace_diff as diff;
