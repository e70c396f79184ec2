//! What weights are kept as.

use tachy_kernels::weight::{Rates, WeightType};

/// The type for weights that come together, each pass over them meeting so many rows: of 16 bits if it holds every one
/// of them exactly, as it does where a model stores them so, and if that is as fast.
pub(super) fn kept_as(weights: &[&[f32]], rows: usize) -> WeightType {
    let count = weights.iter().map(|weights| weights.len()).sum();
    let rates = Rates::default();
    // To look at all weights takes time, so that is done only where something may come of it.
    match rates.choose(WeightType::F16, count, rows) {
        WeightType::F32 => WeightType::F32,
        _ => WeightType::exact(weights),
    }
}

/// How the detail of a step says that weights are narrow.
pub(super) fn note(kept_as: WeightType) -> String {
    match kept_as {
        WeightType::F32 => String::new(),
        narrow => format!(", weights {}", narrow.name()),
    }
}
