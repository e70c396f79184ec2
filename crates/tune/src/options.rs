//! How the choice is made.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tachy_runtime::Device;
use thiserror::Error;

/// What follows from a machine that runs on battery or is throttled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OnBattery {
    /// Times that were measured otherwise do not count: it is measured anew, and remembered apart.
    #[default]
    Measure,
    /// This device is chosen wherever it can do the work, fast or not.
    Prefer(Device),
    /// Nothing: what was measured under usual conditions counts.
    Ignore,
}

impl fmt::Display for OnBattery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OnBattery::Measure => f.write_str("measure"),
            OnBattery::Prefer(device) => write!(f, "prefer={device}"),
            OnBattery::Ignore => f.write_str("ignore"),
        }
    }
}

/// A text that is no such policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no policy for battery: it is measure, prefer=DEVICE or ignore")]
pub struct InvalidPolicy(String);

impl FromStr for OnBattery {
    type Err = InvalidPolicy;

    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        let invalid = || InvalidPolicy(text.to_owned());
        match (text, text.split_once('=')) {
            ("measure", _) => Ok(OnBattery::Measure),
            ("ignore", _) => Ok(OnBattery::Ignore),
            (_, Some(("prefer", device))) => {
                device.parse().map(OnBattery::Prefer).map_err(|_| invalid())
            }
            _ => Err(invalid()),
        }
    }
}

/// How the choice is made.
#[derive(Debug, Clone, PartialEq)]
pub struct AutoOptions {
    /// The file in which measurements are remembered; without one, they are for as long as the process lives.
    pub memory: Option<PathBuf>,
    /// Time of measuring each device where nothing is known of a graph. With zero nothing is measured, and the cost model
    /// decides.
    pub measuring: Duration,
    /// The folder in which a [`PeaksMemory`](crate::PeaksMemory) keeps what devices reach at best, for the cost model.
    pub peaks: Option<PathBuf>,
    /// What follows from a machine that runs on battery or is throttled.
    pub on_battery: OnBattery,
    /// The folder in which `sys` is, to read the machine's state from.
    pub root: PathBuf,
    /// How often an executable looks whether the machine's state has changed.
    pub look: Duration,
}

impl Default for AutoOptions {
    /// Measures each device for 0.2 s where nothing is known, remembers nothing on disk, and looks every five seconds.
    fn default() -> Self {
        Self {
            memory: None,
            measuring: Duration::from_millis(200),
            peaks: None,
            on_battery: OnBattery::default(),
            root: PathBuf::from("/"),
            look: Duration::from_secs(5),
        }
    }
}
