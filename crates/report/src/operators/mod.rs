//! How people and scripts read a comparison of devices on operators.
//!
//! [`OperatorReport`] works a comparison out once; each of its renderers is a pure function to a string.

pub(crate) mod crossings;
mod csv;
mod figures;
mod json;
mod markdown;
mod page;
mod peaks;
mod picture;
mod terminal;
#[cfg(test)]
mod tests;

pub use figures::OperatorReport;
pub use peaks::peaks;
