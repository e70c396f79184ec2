//! Recurrent layers: LSTM, GRU and the simple one, over sequences or one step at a time.
//!
//! Weights are packed into [`Panels`] when a [`Layer`] is made. A step reads the recurrent ones exactly once for up to
//! four samples; the panels are gone through to and fro, so that what is left in a cache from the last step is used
//! first. The products with a whole sequence of inputs are a matrix product, which the caller does beforehand; those
//! with a single step's inputs are done here.
//!
//! Several threads [share](Sharing) a run if that is faster: directions and samples need nothing of each other; of a
//! single sample, each thread takes some of the hidden units, and they meet after every step.

mod functions;
mod gru;
mod layer;
mod lstm;
mod panels;
mod part;
mod sequence;
mod sharing;
mod step;

pub use layer::{Cell, Description, Layer, Weights};
pub use panels::Panels;
pub use sequence::{Inputs, Outputs, Sequence};
pub use sharing::{Costs, Sharing, Workload};

#[cfg(test)]
mod tests;
