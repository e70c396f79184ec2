//! `tachy devices`.

use std::num::NonZeroUsize;
use std::path::Path;

use clap::Args;
use serde::Serialize;
use tachy_measure::EnergyCounter;
use tachy_runtime::{Device, DeviceInfo};
use tachy_tune::AUTO;

use super::failure::Failure;
use super::{output, peaks};

/// Show the devices: which can be used, and what would bring the others.
///
/// It ends with whose energy is counted, and whose is not and why.
///
/// With `--peaks`, what each device reaches at best through its own engine: bytes moved in sums of large matrices, and
/// operations in large products, by element type. It is measured once and remembered.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy devices\n  \
    tachy devices --peaks --threads 1\n  \
    tachy devices --peaks --anew --json")]
pub(super) struct Devices {
    /// Show what each device reaches at best; measures what is not known yet
    #[arg(long)]
    peaks: bool,

    /// Measure the peaks again, though they are known
    #[arg(long, requires = "peaks")]
    anew: bool,

    /// Threads of each engine for the peaks [default: the processors of this machine]
    #[arg(long, value_name = "COUNT", requires = "peaks")]
    threads: Option<NonZeroUsize>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A device in JSON.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    info: DeviceInfo,
    /// Whether its energy can be told; nothing of a device that is absent, or chooses among others.
    #[serde(skip_serializing_if = "Option::is_none")]
    energy: Option<EnergyCounter>,
}

impl Devices {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let devices = crate::registry().devices();
        if self.peaks {
            return self.tell_peaks(devices);
        }
        let counter = |info: &DeviceInfo| {
            let counter = || EnergyCounter::of(&info.device, Path::new("/"));
            (info.is_available() && info.device.backend() != AUTO).then(counter)
        };
        let text = if self.json {
            let tell = |info: DeviceInfo| Told { energy: counter(&info), info };
            let told: Vec<Told> = devices.into_iter().map(tell).collect();
            serde_json::to_string_pretty(&told).expect("devices are plain data") + "\n"
        } else {
            let counters =
                devices.iter().filter_map(|info| Some((info.device.clone(), counter(info)?)));
            let counters: Vec<(Device, EnergyCounter)> = counters.collect();
            tachy_report::devices(&devices, &counters, output::look(None))
        };
        output::write(&text, None)
    }

    fn tell_peaks(&self, mut devices: Vec<DeviceInfo>) -> Result<(), Failure> {
        devices.retain(DeviceInfo::is_available);
        let processors = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let peaks = peaks::find(&devices, self.threads.unwrap_or_else(processors), self.anew)?;
        let text = if self.json {
            serde_json::to_string_pretty(&peaks).expect("peaks are plain data") + "\n"
        } else {
            tachy_report::operators::peaks(&peaks, output::look(None))
        };
        output::write(&text, None)
    }
}
