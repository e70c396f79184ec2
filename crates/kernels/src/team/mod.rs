//! Threads that share the work of a kernel.
//!
//! A [`Team`] hands out numbered tasks, or has all of its threads do one thing together, step by step with a [`Barrier`]
//! between. The hand-over is checked by trying every order of events that the memory model allows
//! (`tests/team_model.rs`).

mod barrier;
mod sync;
mod threads;

pub use barrier::{Barrier, Member};
pub use threads::Team;
