//! Recurrent layers: LSTM, GRU and the simple one, over sequences or one step at a time.
//!
//! Weights are packed into [`Panels`] when a [`Layer`] is made. A step reads the recurrent ones exactly once for up to
//! four samples; the panels are gone through to and fro, so that what is left in a cache from the last step is used
//! first. The products with a whole sequence of inputs are a matrix product, which the caller does beforehand; those
//! with a single step's inputs are done here.

mod functions;
mod gru;
mod layer;
mod lstm;
mod panels;
mod sequence;

pub use layer::{Cell, Description, Layer, Weights};
pub use panels::Panels;
pub use sequence::{Inputs, Outputs, Sequence};

#[cfg(test)]
mod tests;
