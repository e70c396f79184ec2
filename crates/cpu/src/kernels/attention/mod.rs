//! Attention over sequences.

mod linear;
mod mask;
mod rotary;
mod scaled_dot;

pub(super) use linear::prepare as prepare_linear;
pub(super) use rotary::prepare as prepare_rotary;
pub(super) use scaled_dot::prepare;
