//! The energy of calls: the counters of whatever computes them, read around a phase of sampling.

use std::path::Path;

use serde::Serialize;
use tachy_profile::energy::{EnergyAbsent, EnergyMeter, EnergyReading, EnergySource};
use tachy_runtime::Device;

use crate::protocol::PhaseEnergy;

/// Which counters tell what a device spends: the one place that knows.
///
/// CUDA's devices, of which MLX's GPU is one on Linux, have a counter each; the processor's share of their calls is not in
/// it. Everything else computes in the processors' packages, graphics that are part of them included.
fn source(device: &Device) -> Result<EnergySource, EnergyAbsent> {
    match (device.backend(), device.unit()) {
        ("auto", _) => Err(EnergyAbsent::new(
            "`auto` gives its work to other devices, each with a counter of its own.",
            "Compare those devices.",
        )),
        ("mlx", Some("gpu")) | (_, Some("cuda" | "tensorrt")) => Ok(EnergySource::Gpu(0)),
        _ => Ok(EnergySource::Packages),
    }
}

/// Whether the energy that a device spends can be told on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum EnergyCounter {
    /// There is a counter.
    Counted {
        /// What it is of: `the processors' packages`.
        scope: String,
    },
    /// There is none.
    Absent {
        /// Why not, as a sentence.
        reason: String,
        /// What would bring one, as a sentence.
        remedy: String,
    },
}

impl EnergyCounter {
    /// The counter of a device on the machine whose root folder is `root`.
    pub fn of(device: &Device, root: &Path) -> Self {
        match source(device).and_then(|source| EnergyMeter::open(source, root)) {
            Ok(meter) => Self::Counted { scope: meter.scope().to_owned() },
            Err(EnergyAbsent { reason, remedy }) => Self::Absent { reason, remedy },
        }
    }
}

/// Reads the counters of a device around phases of sampling.
#[derive(Debug)]
pub(crate) struct Gauge(Result<EnergyMeter, EnergyAbsent>);

impl Gauge {
    /// On a device of the machine whose root folder is `root`.
    pub(crate) fn new(device: &Device, root: &Path) -> Self {
        Self(source(device).and_then(|source| EnergyMeter::open(source, root)))
    }

    /// The seconds of the shortest phase whose energy can be told; `None` where none can.
    pub(crate) fn shortest(&self) -> Option<f64> {
        Some(self.0.as_ref().ok()?.shortest().as_secs_f64())
    }

    /// Begins a phase.
    pub(crate) fn begin(&self) -> Result<EnergyReading, EnergyAbsent> {
        self.0.as_ref().map_err(Clone::clone)?.read()
    }

    /// Ends a phase: the joules of one call are its share of the phase's time. `calls` are the times of calls in it.
    pub(crate) fn end(
        &self,
        begin: Result<EnergyReading, EnergyAbsent>,
        calls: &[f64],
    ) -> PhaseEnergy {
        self.try_end(begin, calls)
            .unwrap_or_else(|absent| PhaseEnergy::Absent { reason: absent.to_string() })
    }

    fn try_end(
        &self,
        begin: Result<EnergyReading, EnergyAbsent>,
        calls: &[f64],
    ) -> Result<PhaseEnergy, EnergyAbsent> {
        let begin = begin?;
        let meter = self.0.as_ref().map_err(Clone::clone)?;
        let spent = begin.until(&meter.read()?);
        let shortest = meter.shortest().as_secs_f64();
        let watts = spent.watts().filter(|_| spent.seconds >= shortest).ok_or_else(|| {
            EnergyAbsent::new(
                format!(
                    "It was timed for less than {:.0} ms on end, in which the counters of {} hardly move.",
                    shortest * 1e3,
                    meter.scope()
                ),
                "A longer `--time` or fewer `--processes` help.",
            )
        })?;
        if spent.joules <= 0.0 {
            return Err(EnergyAbsent::new(
                format!("The counters of {} did not move.", meter.scope()),
                "A virtual machine may show counters that are not kept: measure on bare metal.",
            ));
        }
        let call = calls.iter().sum::<f64>() / calls.len() as f64;
        Ok(PhaseEnergy::Known { call_joules: watts * call, watts })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A machine with one package whose counter stands at so many microjoules.
    fn count(root: &Path, energy: u64) {
        let zone = root.join("sys/class/powercap/intel-rapl:0");
        std::fs::create_dir_all(&zone).unwrap();
        std::fs::write(zone.join("energy_uj"), format!("{energy}\n")).unwrap();
        std::fs::write(zone.join("max_energy_range_uj"), "262143328850\n").unwrap();
    }

    #[test]
    fn a_call_spends_its_share_of_the_phase() {
        let root = tempfile::tempdir().unwrap();
        count(root.path(), 262_143_000_000);
        let gauge = Gauge::new(&Device::with_unit("ort", "cpu"), root.path());
        assert_eq!(gauge.shortest(), Some(0.02));
        let begin = gauge.begin();
        std::thread::sleep(Duration::from_millis(25));
        // Over the end of the counter: 0.32885 J and 1.67115 J.
        count(root.path(), 1_671_150);
        let energy = gauge.end(begin, &[0.001, 0.003]);
        let PhaseEnergy::Known { call_joules, watts } = energy else { panic!("{energy:?}") };
        assert!(watts > 0.0 && watts <= 2.0 / 0.025, "{watts}");
        assert!((call_joules / watts - 0.002).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_known_is_absent_and_never_zero() {
        let root = tempfile::tempdir().unwrap();
        let absent = |gauge: &Gauge, pause: u64| {
            let begin = gauge.begin();
            std::thread::sleep(Duration::from_millis(pause));
            match gauge.end(begin, &[0.001]) {
                PhaseEnergy::Absent { reason } => reason,
                known => panic!("{known:?}"),
            }
        };
        let cpu = Device::of("cpu");
        let none = Gauge::new(&cpu, root.path());
        assert_eq!(none.shortest(), None);
        assert!(absent(&none, 0).contains("bare metal"));
        count(root.path(), 5);
        let gauge = Gauge::new(&cpu, root.path());
        assert!(absent(&gauge, 0).contains("less than 20 ms on end"));
        assert!(absent(&gauge, 25).contains("did not move"));
        let auto = Gauge::new(&Device::of("auto"), root.path());
        assert!(absent(&auto, 0).contains("Compare those devices."));
        let scope = "the processors' packages".to_owned();
        assert_eq!(EnergyCounter::of(&cpu, root.path()), EnergyCounter::Counted { scope });
        assert_eq!(source(&Device::with_unit("ort", "cuda")), Ok(EnergySource::Gpu(0)));
        assert_eq!(source(&Device::with_unit("openvino", "gpu")), Ok(EnergySource::Packages));
    }
}
