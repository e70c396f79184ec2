//! Convolutions: as matrix products over gathered windows, depthwise ones directly.

mod columns;
mod conv;
mod deform;
mod depthwise;
mod quantized;
mod transpose;

pub(super) use conv::prepare;
pub(super) use deform::prepare as prepare_deform;
pub(super) use quantized::{prepare_integer, prepare_quantized};
pub(super) use transpose::{prepare as prepare_transpose, prepare_col2im};
