//! Where the time and the memory of a program go.
//!
//! - [`trace`]: what was recorded: spans of operations on threads, ready to be looked at.
//! - [`analysis`]: hotspots, what bounds them, bottlenecks in sentences, and the call tree.

pub mod analysis;
pub mod trace;

mod nesting;
mod words;
