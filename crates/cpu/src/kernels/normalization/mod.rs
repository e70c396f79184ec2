//! Normalisation.

mod batch;
mod channels;
mod group;
mod innermost;
mod norm;

pub(super) use batch::prepare as prepare_batch;
pub(super) use channels::prepare as prepare_local_response;
pub(super) use group::{prepare as prepare_group, prepare_instance};
pub(super) use innermost::{prepare_layer, prepare_rms};
pub(super) use norm::{prepare_lp, prepare_mean_variance};

/// The mean and the variance (of the population) of some numbers, computed in `f64`; NaN if there are none.
fn mean_and_variance(numbers: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let count = numbers.len() as f64;
    let mean = numbers.clone().sum::<f64>() / count;
    let variance = numbers.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    (mean, variance)
}
