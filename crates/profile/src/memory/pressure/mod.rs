//! How scarce memory is.
//!
//! - [`Signals`]: what the system says: limits of control groups, stalls, free memory; read by [`Signals::read`];
//! - [`Signals::pressure`]: what that means, with the evidence.

mod level;
mod limits;
mod read;
mod signals;

pub use level::{Pressure, PressureLevel};
pub use read::memory_pressure;
pub use signals::{Capacity, Limit, Signals, Stall, SystemLevel};
