//! The kernels, a file for each family of operators, and the choice among them.

mod choose;
mod unary;

pub(crate) use choose::prepare;
