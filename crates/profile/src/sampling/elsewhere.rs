//! Systems without sampling.

use super::{Samples, SamplingError};

pub(super) fn start(_period: u64) -> Result<(), SamplingError> {
    Err(SamplingError::Unsupported)
}

pub(super) fn stop(_into: &mut Samples) {}
