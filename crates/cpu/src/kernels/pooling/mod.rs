//! Pooling: windows and whole images become one number.

mod global;
mod max;
mod roi_align;
mod sum;
mod unpool;

pub(super) use global::prepare as prepare_global;
pub(super) use max::prepare as prepare_max;
pub(super) use roi_align::prepare as prepare_roi_align;
pub(super) use sum::{prepare_average, prepare_norm};
pub(super) use unpool::prepare as prepare_unpool;
