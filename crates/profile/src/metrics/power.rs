//! The power that processors take, from their energy counters (Intel's RAPL, which AMD's have too) in Linux's
//! `powercap`.

use std::path::Path;
use std::time::Instant;

use super::Reading;

/// One processor's counter, in microjoules.
#[derive(Debug)]
struct Counter {
    name: String,
    energy: u64,
    /// Where it begins again.
    range: u64,
}

/// The counters at one time.
#[derive(Debug)]
pub(super) struct Energy {
    at: Instant,
    /// Or why there are none.
    counters: Result<Vec<Counter>, String>,
}

impl Energy {
    /// Of the packages under `root`.
    pub(super) fn read(root: &Path) -> Self {
        Self { at: Instant::now(), counters: counters(&root.join("sys/class/powercap")) }
    }

    /// The mean power since then, in watts.
    pub(super) fn power_until(&self, later: &Self) -> Reading<f64> {
        let seconds = later.at.saturating_duration_since(self.at).as_secs_f64();
        let (before, after) = match (&self.counters, &later.counters) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(reason), _) | (_, Err(reason)) => return Reading::Absent(reason.clone()),
        };
        let mut joules = 0.0;
        for counter in after {
            let Some(earlier) = before.iter().find(|earlier| earlier.name == counter.name) else {
                continue;
            };
            let step = match counter.energy.checked_sub(earlier.energy) {
                Some(step) => step,
                None => counter.range.saturating_sub(earlier.energy).saturating_add(counter.energy),
            };
            joules += step as f64 * 1e-6;
        }
        if seconds > 0.0 {
            Reading::Known(joules / seconds)
        } else {
            Reading::Absent("no time has passed since the start".into())
        }
    }
}

fn counters(folder: &Path) -> Result<Vec<Counter>, String> {
    let absent =
        "the system shows no energy counters: they need Linux on bare metal with `intel_rapl`";
    let entries = std::fs::read_dir(folder).map_err(|_| absent.to_owned())?;
    let mut counters = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // `intel-rapl:0` is a package; `intel-rapl:0:1` is a part of it.
        if name.matches(':').count() != 1 || !name.starts_with("intel-rapl:") {
            continue;
        }
        let number = |file: &str| -> Result<u64, String> {
            let path = entry.path().join(file);
            let text = std::fs::read_to_string(&path).map_err(|error| {
                format!("`{}` cannot be read ({error}): let this user read it", path.display())
            })?;
            text.trim().parse().map_err(|_| format!("`{}` is no number", path.display()))
        };
        let (energy, range) = (number("energy_uj")?, number("max_energy_range_uj")?);
        counters.push(Counter { name, energy, range });
    }
    if counters.is_empty() { Err(absent.to_owned()) } else { Ok(counters) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn power_is_energy_over_time() {
        let root = tempfile::tempdir().unwrap();
        let write = |zone: &str, energy: &str| {
            let zone = root.path().join("sys/class/powercap").join(zone);
            std::fs::create_dir_all(&zone).unwrap();
            std::fs::write(zone.join("energy_uj"), energy).unwrap();
            std::fs::write(zone.join("max_energy_range_uj"), "1000000000\n").unwrap();
        };
        write("intel-rapl:0", "5000000\n");
        write("intel-rapl:1", "999000000\n");
        write("intel-rapl:0:0", "77\n");
        let before = Energy::read(root.path());
        write("intel-rapl:0", "25000000\n");
        write("intel-rapl:1", "9000000\n");
        let mut after = Energy::read(root.path());
        after.at = before.at + Duration::from_secs(2);
        // 20 J and, over the end of the counter, 10 J.
        assert_eq!(before.power_until(&after), Reading::Known(15.0));
        assert!(matches!(before.power_until(&before), Reading::Absent(_)));
        write("intel-rapl:1", "soon\n");
        let Reading::Absent(reason) = before.power_until(&Energy::read(root.path())) else {
            panic!()
        };
        assert!(reason.ends_with("energy_uj` is no number"), "{reason}");
        let nowhere = Energy::read(Path::new("/no/such/folder"));
        assert!(matches!(nowhere.power_until(&nowhere), Reading::Absent(_)));
    }
}
