//! Element-wise expressions over blocks and tensors, carried out by an interpreter.
//!
//! A [`Program`] is lowered from [`Instruction`]s once: products and sums become fused multiply-adds, limits join the
//! instruction before them, and the results in between share a few tiles that stay in the first-level cache. Each
//! input is read where it lies and the output is written where it shall be; an instruction is dispatched once for a
//! tile or, where rows are long, for a group of vectors that stay in registers from one instruction to the next.
//! [`Program::run`] takes a block of rows and columns, as the epilogue of a matrix product or convolution does; a
//! [`Sweep`] takes whole tensors with broadcasting.

mod chain;
mod instruction;
mod interpret;
mod lower;
mod nest;
mod operation;
mod sweep;

pub use instruction::{Binary, Instruction};
pub use interpret::{Input, Output};
pub use lower::Program;
pub(crate) use operation::map_in_place;
pub use sweep::Sweep;

#[cfg(test)]
mod tests;
