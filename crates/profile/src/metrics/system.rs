//! What the machine does.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::power::Energy;

/// A figure of the machine, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading<T> {
    /// The figure.
    Known(T),
    /// Why there is none.
    Absent(String),
}

impl<T: Copy> Reading<T> {
    /// The figure, if there is one.
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(figure) => Some(*figure),
            Self::Absent(_) => None,
        }
    }
}

/// What the machine does. What it does not tell says why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemReading {
    /// The share of all processors' time in use since the reading before, from 0 to 1.
    pub processor_use: Reading<f64>,
    /// The share of all processors' time that this process used, from 0 to 1.
    pub process_use: Reading<f64>,
    /// Bytes of memory in use on the machine.
    pub memory_used: Reading<u64>,
    /// Bytes of memory of the machine.
    pub memory_total: Reading<u64>,
    /// Bytes of memory that this process has in use.
    pub process_memory: Reading<u64>,
    /// The mean frequency of the processors, in hertz.
    pub frequency: Reading<f64>,
    /// The temperature of the hottest sensor, in degrees Celsius.
    pub temperature: Reading<f64>,
    /// The mean power of the processors since the collector was started, in watts.
    pub power: Reading<f64>,
}

impl SystemReading {
    /// Nothing is told, for this reason.
    fn absent(reason: &str) -> Self {
        Self {
            processor_use: Reading::Absent(reason.to_owned()),
            process_use: Reading::Absent(reason.to_owned()),
            memory_used: Reading::Absent(reason.to_owned()),
            memory_total: Reading::Absent(reason.to_owned()),
            process_memory: Reading::Absent(reason.to_owned()),
            frequency: Reading::Absent(reason.to_owned()),
            temperature: Reading::Absent(reason.to_owned()),
            power: Reading::Absent(reason.to_owned()),
        }
    }
}

/// What must be remembered between readings.
#[derive(Debug)]
pub(super) struct Machine {
    energy: Energy,
    /// Or why there is none.
    #[cfg(feature = "system")]
    system: Result<sysinfo::System, String>,
}

impl Machine {
    pub(super) fn new() -> Self {
        Self {
            energy: Energy::read(Path::new("/")),
            #[cfg(feature = "system")]
            system: sysinfo::System::new().map_err(|error| error.to_string()),
        }
    }

    /// From here on, use and power are told.
    pub(super) fn begin(&mut self) {
        self.energy = Energy::read(Path::new("/"));
        #[cfg(feature = "system")]
        self.refresh();
    }

    fn power(&self) -> Reading<f64> {
        self.energy.power_until(&Energy::read(Path::new("/")))
    }

    #[cfg(not(feature = "system"))]
    pub(super) fn read(&mut self) -> SystemReading {
        let reason = "this program is built without the feature `system` of tachy-profile";
        SystemReading { power: self.power(), ..SystemReading::absent(reason) }
    }
}

#[cfg(feature = "system")]
impl Machine {
    fn refresh(&mut self) {
        use sysinfo::{ProcessRefreshKind, ProcessesToUpdate};
        let Ok(system) = &mut self.system else { return };
        system.refresh_cpu_usage();
        system.refresh_cpu_frequency();
        system.refresh_memory();
        if let Ok(own) = sysinfo::get_current_pid() {
            let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
            system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), false, kind);
        }
    }

    pub(super) fn read(&mut self) -> SystemReading {
        self.refresh();
        let system = match &self.system {
            Ok(system) => system,
            Err(reason) => {
                return SystemReading { power: self.power(), ..SystemReading::absent(reason) };
            }
        };
        let processors = system.cpus();
        let own = sysinfo::get_current_pid().ok().and_then(|own| system.process(own));
        let share = |percent: f32| f64::from(percent) / 100.0;
        let count = processors.len().max(1);
        let frequencies = processors.iter().map(|processor| processor.frequency());
        let mean = frequencies.sum::<u64>() as f64 * 1e6 / count as f64;
        let use_of_all = (!processors.is_empty()).then(|| share(system.global_cpu_usage()));
        let no_process = "the system does not tell of this process";
        SystemReading {
            processor_use: known_or(use_of_all, "the system does not tell of its processors"),
            process_use: known_or(own.map(|own| share(own.cpu_usage() / count as f32)), no_process),
            memory_used: Reading::Known(system.used_memory()),
            memory_total: Reading::Known(system.total_memory()),
            process_memory: known_or(own.map(|own| own.memory()), no_process),
            frequency: known_or(
                (mean > 0.0).then_some(mean),
                "the system does not tell the processors' frequency",
            ),
            temperature: known_or(
                hottest(),
                "the system shows no sensors: virtual machines have none",
            ),
            power: self.power(),
        }
    }
}

#[cfg(feature = "system")]
fn known_or<T>(figure: Option<T>, reason: &str) -> Reading<T> {
    figure.map_or_else(|| Reading::Absent(reason.to_owned()), Reading::Known)
}

/// The temperature of the hottest sensor.
#[cfg(feature = "system")]
fn hottest() -> Option<f64> {
    let sensors = sysinfo::Components::new_with_refreshed_list().ok()?;
    let temperatures = sensors.iter().filter_map(|sensor| sensor.temperature());
    temperatures.filter(|degrees| degrees.is_finite()).reduce(f32::max).map(f64::from)
}
