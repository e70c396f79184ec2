//! Programs: graphs as steps over memory that is planned ahead.
//!
//! [`Lowering`](lowering::Lowering) chooses a routine and a layout for every node; [`memory`] gives every value its
//! place in one arena; a [`Program`] runs the steps.

mod buffer;
pub(crate) mod elementwise;
mod holdings;
pub(crate) mod layout;
pub(crate) mod lowering;
mod memory;
mod pieces;
mod recording;
pub(crate) mod routine;
mod run;

pub(crate) use buffer::BufferId;
pub(crate) use lowering::Lowering;
pub(crate) use routine::{Call, Routine};
pub(crate) use run::Program;
