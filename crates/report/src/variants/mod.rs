//! How people and scripts read a comparison of devices on models in several precisions, resolutions and batch sizes.
//!
//! [`VariantReport`] works a comparison out once; each of its renderers is a pure function to a string.

mod csv;
mod figures;
mod json;
mod markdown;
mod page;
mod picture;
mod terminal;
#[cfg(test)]
mod tests;
mod words;

pub use figures::VariantReport;
