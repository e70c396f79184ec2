//! A meter on the counters of one source.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::absent::EnergyAbsent;
use super::packages;
use super::reading::EnergyReading;

/// Whose energy is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnergySource {
    /// All packages of the machine's processors.
    Packages,
    /// One NVIDIA GPU, by its number among those that CUDA shows.
    Gpu(u32),
}

/// Reads the counters of one source.
#[derive(Debug)]
pub struct EnergyMeter(Counters);

#[derive(Debug)]
enum Counters {
    Packages(PathBuf),
    #[cfg(feature = "nvml")]
    Gpu(Box<super::nvml::Gpu>),
}

/// The shortest phase whose energy is told: at either end of it up to one step of the counter is of another time. Processors
/// step about every millisecond (Intel's manual, volume 3B, 16.10).
const PACKAGES: Duration = Duration::from_millis(20);
/// NVIDIA does not say how often the driver steps; on an H200 it was seen to be every 100 ms.
#[cfg(feature = "nvml")]
const GPU: Duration = Duration::from_secs(1);

impl EnergyMeter {
    /// A meter on this source. `root` is the system's root folder, `/`.
    ///
    /// # Errors
    /// If there is no counter, or this user may not read it.
    pub fn open(source: EnergySource, root: &Path) -> Result<Self, EnergyAbsent> {
        let meter = match source {
            EnergySource::Packages => Self(Counters::Packages(root.to_owned())),
            EnergySource::Gpu(number) => Self::gpu(number)?,
        };
        meter.read()?;
        Ok(meter)
    }

    #[cfg(feature = "nvml")]
    fn gpu(number: u32) -> Result<Self, EnergyAbsent> {
        super::nvml::Gpu::open(number).map(|gpu| Self(Counters::Gpu(Box::new(gpu))))
    }

    #[cfg(not(feature = "nvml"))]
    fn gpu(_: u32) -> Result<Self, EnergyAbsent> {
        Err(EnergyAbsent::new(
            "This build does not read the energy counters of GPUs.",
            "Build Tachy with its feature `nvml`.",
        ))
    }

    /// The counters as they are now.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn read(&self) -> Result<EnergyReading, EnergyAbsent> {
        let counters = match &self.0 {
            Counters::Packages(root) => packages::counters(root)?,
            #[cfg(feature = "nvml")]
            Counters::Gpu(gpu) => vec![gpu.counter()?],
        };
        Ok(EnergyReading { at: Instant::now(), counters })
    }

    /// The shortest phase whose energy the counters tell: they stand still between two steps.
    pub fn shortest(&self) -> Duration {
        match &self.0 {
            Counters::Packages(_) => PACKAGES,
            #[cfg(feature = "nvml")]
            Counters::Gpu(_) => GPU,
        }
    }

    /// What the counters are of, for people.
    pub fn scope(&self) -> &'static str {
        match &self.0 {
            Counters::Packages(_) => "the processors' packages",
            #[cfg(feature = "nvml")]
            Counters::Gpu(_) => "the GPU",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn write(&self, zone: &str, file: &str, text: &str) {
            let zone = self.0.path().join("sys/class/powercap").join(zone);
            std::fs::create_dir_all(&zone).unwrap();
            std::fs::write(zone.join(file), text).unwrap();
        }

        fn zone(&self, zone: &str, energy: &str) {
            self.write(zone, "energy_uj", energy);
            self.write(zone, "max_energy_range_uj", "1000000000\n");
        }

        fn open(&self) -> Result<EnergyMeter, EnergyAbsent> {
            EnergyMeter::open(EnergySource::Packages, self.0.path())
        }
    }

    #[test]
    fn packages_are_added_up_over_the_end_of_their_counters() {
        let machine = Machine::new();
        machine.zone("intel-rapl:0", "5000000\n");
        machine.zone("intel-rapl:1", "999000000\n");
        // A part of a package, and the platform that holds all: neither counts once more.
        machine.zone("intel-rapl:0:0", "77\n");
        machine.zone("intel-rapl:2", "77\n");
        machine.write("intel-rapl:2", "name", "psys\n");
        let meter = machine.open().unwrap();
        let before = meter.read().unwrap();
        machine.zone("intel-rapl:0", "25000000\n");
        machine.zone("intel-rapl:1", "9000000\n");
        machine.zone("intel-rapl:0:0", "99999\n");
        machine.zone("intel-rapl:2", "99999\n");
        let mut after = meter.read().unwrap();
        after.at = before.at + Duration::from_secs(2);
        // 20 J and, over the end of the counter, 10 J.
        let spent = before.until(&after);
        assert_eq!(spent, crate::energy::EnergySpent { joules: 30.0, seconds: 2.0 });
        assert_eq!(spent.watts(), Some(15.0));
        assert_eq!(before.until(&before).watts(), None);
    }

    #[test]
    fn what_cannot_be_read_says_why_and_what_would_help() {
        let machine = Machine::new();
        let absent = machine.open().unwrap_err();
        assert!(absent.remedy.contains("intel_rapl"), "{absent}");
        machine.zone("intel-rapl:0", "soon\n");
        let absent = machine.open().unwrap_err();
        assert!(absent.reason.ends_with("energy_uj` is no number."), "{absent}");
        std::fs::remove_file(
            machine.0.path().join("sys/class/powercap/intel-rapl:0/max_energy_range_uj"),
        )
        .unwrap();
        machine.write("intel-rapl:0", "energy_uj", "1\n");
        let absent = machine.open().unwrap_err();
        assert!(absent.reason.contains("max_energy_range_uj` cannot be read: "), "{absent}");
    }
}
