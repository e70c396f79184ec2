//! Time as the recorder sees it: raw ticks while recording, nanoseconds afterwards.
//!
//! - [`ticks`]: the cheapest reading that the machine has;
//! - [`Calibration`]: how ticks become nanoseconds, from a reading of both clocks at either end of a session;
//! - [`ClockAlignment`]: how times of another clock, such as a device's, become times of the host.

mod alignment;
mod calibration;
mod ticks;

pub use alignment::{ClockAlignment, ClockReading};
pub use calibration::{Calibration, Reading};

pub(crate) use ticks::prepare;
pub use ticks::{Source, source, ticks};
