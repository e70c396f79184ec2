//! Energy, from the counters that processors and GPUs keep.
//!
//! [`EnergyMeter`] reads the counters of an [`EnergySource`]; two [`EnergyReading`]s give the joules between them. A counter
//! is of the whole part, whoever made it work: what else runs there counts, too. Where there is no counter,
//! [`EnergyAbsent`] says why not, and what would bring it.

mod absent;
mod meter;
#[cfg(feature = "nvml")]
mod nvml;
mod packages;
mod reading;
#[cfg(feature = "nvml")]
mod visible;

pub use absent::EnergyAbsent;
pub use meter::{EnergyMeter, EnergySource};
pub use reading::{EnergyReading, EnergySpent};
