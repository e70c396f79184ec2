//! Recurrent layers: the run over the sequence, and a file for each cell.

mod activation;
mod gru;
mod lstm;
mod rnn;
mod sequence;

pub(super) use gru::prepare as prepare_gru;
pub(super) use lstm::prepare as prepare_lstm;
pub(super) use rnn::prepare as prepare_rnn;
