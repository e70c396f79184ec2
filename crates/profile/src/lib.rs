//! Where the time and the memory of a program go.
//!
//! - [`trace`]: what was recorded: spans of operations on threads, ready to be looked at.

pub mod trace;
