//! Devices compared on operators: over sizes, element types and layouts.
//!
//! - [`compare`] measures cases of the catalogue on several devices: one process for all sizes of an operator.
//! - [`OperatorComparison`] is the record.
//! - [`peaks`] finds out what a device reaches at best: [`Peaks`].
//! - [`crossings`] tells from which size on one device is faster than another.

mod crossing;
mod peaks;
mod record;
mod session;

pub(crate) use crossing::{AtSize, pairs};
pub use crossing::{Family, FamilyCrossings, PairCrossings, Transfers, crossings, families};
pub use peaks::{DevicePeaks, Peaks, PeaksPlan, Rate, peaks};
pub use record::{
    DeviceDescription, OperatorComparison, OperatorPoint, OperatorSettings, PointOutcome, PointRow,
};
pub use session::{OperatorPlan, compare};
