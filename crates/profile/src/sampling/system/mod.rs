//! Sampling by the timer of Linux that runs while the process works.

mod handler;
mod modules;
mod readable;

pub(super) use handler::{start, stop};
