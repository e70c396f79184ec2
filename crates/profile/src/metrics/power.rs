//! The power that processors take, from their energy counters.

use std::path::Path;

use super::Reading;
use crate::energy::{EnergyAbsent, EnergyMeter, EnergyReading, EnergySource};

/// The counters at one time, or why there are none.
#[derive(Debug)]
pub(super) struct Energy(Result<EnergyReading, EnergyAbsent>);

impl Energy {
    /// Of the packages under `root`.
    pub(super) fn read(root: &Path) -> Self {
        Self(EnergyMeter::open(EnergySource::Packages, root).and_then(|meter| meter.read()))
    }

    /// The mean power since then, in watts.
    pub(super) fn power_until(&self, later: &Self) -> Reading<f64> {
        match (&self.0, &later.0) {
            (Ok(before), Ok(after)) => match before.until(after).watts() {
                Some(watts) => Reading::Known(watts),
                None => Reading::Absent("no time has passed since the start".into()),
            },
            (Err(absent), _) | (_, Err(absent)) => Reading::Absent(absent.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_is_told_or_why_there_is_none() {
        let root = tempfile::tempdir().unwrap();
        let zone = root.path().join("sys/class/powercap/intel-rapl:0");
        std::fs::create_dir_all(&zone).unwrap();
        std::fs::write(zone.join("energy_uj"), "5000000\n").unwrap();
        std::fs::write(zone.join("max_energy_range_uj"), "1000000000\n").unwrap();
        let before = Energy::read(root.path());
        std::fs::write(zone.join("energy_uj"), "25000000\n").unwrap();
        let after = Energy::read(root.path());
        assert!(matches!(before.power_until(&after), Reading::Known(watts) if watts > 0.0));
        assert!(matches!(before.power_until(&before), Reading::Absent(_)));
        let nowhere = Energy::read(Path::new("/no/such/folder"));
        let Reading::Absent(reason) = before.power_until(&nowhere) else { panic!() };
        assert!(reason.contains("no energy counters"), "{reason}");
    }
}
