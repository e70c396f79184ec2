//! Which device was chosen, and why.

use std::fmt;
use std::time::Duration;

use tachy_runtime::Device;

/// Which device was chosen, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The device.
    pub device: Device,
    /// Why.
    pub reason: Reason,
}

/// Why a device was chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// A comparison on operators, or an earlier measurement of the same graph: seconds of a call on each device, the
    /// fastest first.
    Remembered(Vec<(Device, f64)>),
    /// It was measured just now: as above.
    Measured(Vec<(Device, f64)>),
    /// The cost model: estimated seconds on each device.
    Guessed(Vec<(Device, f64)>),
    /// The policy for battery names it.
    Preferred,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (why, times) = match &self.reason {
            Reason::Remembered(times) => ("by what is remembered", times),
            Reason::Measured(times) => ("measured just now", times),
            Reason::Guessed(times) => ("by the cost model", times),
            Reason::Preferred => return write!(f, "`{}`, as preferred on battery", self.device),
        };
        write!(f, "`{}`, {why}", self.device)?;
        for (place, (device, seconds)) in times.iter().enumerate() {
            let sign = if place == 0 { ":" } else { "," };
            // Of a device that failed there is no time.
            match Duration::try_from_secs_f64(*seconds) {
                Ok(time) => write!(f, "{sign} {device} {time:.2?}")?,
                Err(_) => write!(f, "{sign} {device} unknown")?,
            }
        }
        Ok(())
    }
}
