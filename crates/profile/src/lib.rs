//! Where the time and the memory of a program go.
//!
//! - [`clock`]: ticks, nanoseconds, and the clocks of other devices;
//! - [`trace`]: what was recorded: spans of operations on threads, ready to be looked at.
//! - [`analysis`]: hotspots, what bounds them, bottlenecks in sentences, and the call tree.

pub mod analysis;
pub mod clock;
pub mod trace;

mod nesting;
mod words;
