//! Devices compared on models in several precisions, resolutions and batch sizes.
//!
//! - [`compare`] measures every device in every precision, resolution and batch size.
//! - [`VariantComparison`] is the record: a point for each model, resolution and batch size, a row for each device and
//!   precision.
//! - [`crossings`] tells from which batch size on one device is faster than another.
//! - [`Variant`] is how what is computed differs from what the model's source says.

mod compare;
mod crossing;
mod graph;
mod precision;
mod record;
mod shapes;

pub use compare::{VariantPlan, compare};
pub use crossing::crossings;
pub use graph::VariantError;
pub use precision::{Precision, UnknownPrecision};
pub use record::{VariantComparison, VariantPoint, VariantRow};

use serde::{Deserialize, Serialize};

/// How what is computed differs from what the model's source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// The element type of weights and of what is computed with them.
    pub precision: Precision,
    /// The batch size, unless it is the source's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Rows and columns of images, unless they are the source's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<usize>,
}
