//! The processors' counters (Intel's RAPL, which AMD's have too) in Linux's `powercap`.

use std::io::ErrorKind;
use std::path::Path;

use super::absent::EnergyAbsent;
use super::reading::Counter;

/// The counter of every package under the system's root.
pub(super) fn counters(root: &Path) -> Result<Vec<Counter>, EnergyAbsent> {
    let absent = || {
        EnergyAbsent::new(
            "The system shows no energy counters of its processors.",
            "They need Linux on bare metal with the kernel's module `intel_rapl`: virtual machines and containers are \
             rarely given them.",
        )
    };
    let folder = root.join("sys/class/powercap");
    let entries = std::fs::read_dir(folder).map_err(|_| absent())?;
    let mut counters = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // `intel-rapl:0` is a package; `intel-rapl:0:1` is a part of it.
        if name.matches(':').count() != 1 || !name.starts_with("intel-rapl:") {
            continue;
        }
        // The whole platform is beside its packages, and holds them.
        let kind = std::fs::read_to_string(entry.path().join("name"));
        if kind.is_ok_and(|kind| kind.trim() == "psys") {
            continue;
        }
        let energy = number(&entry.path().join("energy_uj"))?;
        let range = number(&entry.path().join("max_energy_range_uj"))?;
        counters.push(Counter { name, energy, range: Some(range) });
    }
    if counters.is_empty() { Err(absent()) } else { Ok(counters) }
}

fn number(path: &Path) -> Result<u64, EnergyAbsent> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let remedy = match error.kind() {
            // So that nobody learns from them what others compute: CVE-2020-8694.
            ErrorKind::PermissionDenied => {
                "Linux shows it to the superuser alone; `sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj` lets \
                 everybody read it until the next start."
            }
            _ => "See that the kernel's module `intel_rapl` is loaded.",
        };
        EnergyAbsent::new(format!("`{}` cannot be read: {error}.", path.display()), remedy)
    })?;
    text.trim().parse().map_err(|_| {
        EnergyAbsent::new(
            format!("`{}` is no number.", path.display()),
            "See that the kernel's module `intel_rapl` fits this processor.",
        )
    })
}
