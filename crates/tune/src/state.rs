//! Does the machine run on battery, and is it throttled?

use std::fs;
use std::path::{Path, PathBuf};

/// A highest frequency below this share of the processor's own means that something holds it down.
const HELD_DOWN: f64 = 0.95;

/// What moves the choice of a device though nothing was installed: the power supply, and the heat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MachineState {
    /// Whether no mains supply is connected while a battery is there; `None` if the system does not tell.
    pub on_battery: Option<bool>,
    /// Whether the processor is slowed down against heat or by a limit; `None` if the system does not tell.
    pub throttled: Option<bool>,
}

impl MachineState {
    /// The state of this machine, as far as Linux's `/sys` tells.
    pub fn read() -> Self {
        Self::read_at(Path::new("/"))
    }

    /// As [`read`](Self::read), with another folder in place of the root.
    pub fn read_at(root: &Path) -> Self {
        Self { on_battery: on_battery(root), throttled: throttled(root) }
    }

    /// The name under which what is measured in this state is remembered. What the system does not tell counts as usual.
    pub const fn condition(self) -> &'static str {
        match (matches!(self.on_battery, Some(true)), matches!(self.throttled, Some(true))) {
            (false, false) => "usual",
            (true, false) => "on battery",
            (false, true) => "throttled",
            (true, true) => "on battery, throttled",
        }
    }

    /// Whether anything is not as usual.
    pub fn is_unusual(self) -> bool {
        self.condition() != Self::default().condition()
    }
}

fn line(path: PathBuf) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

fn entries(folder: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// As in the kernel's `Documentation/ABI/testing/sysfs-class-power`.
fn on_battery(root: &Path) -> Option<bool> {
    let (mut mains, mut discharging) = (None, None);
    for supply in entries(root.join("sys/class/power_supply")) {
        // The battery of a mouse does not feed the machine.
        if line(supply.join("scope")).is_some_and(|scope| scope == "Device") {
            continue;
        }
        match line(supply.join("type")).as_deref() {
            Some("Battery") => {
                let status = line(supply.join("status"));
                let empties = status.is_some_and(|status| status == "Discharging");
                discharging = Some(discharging.unwrap_or(false) || empties);
            }
            Some(_) => {
                let online = line(supply.join("online")).is_some_and(|online| online != "0");
                mains = Some(mains.unwrap_or(false) || online);
            }
            None => {}
        }
    }
    match (mains, discharging) {
        (Some(true), _) => Some(false),
        (Some(false), Some(_)) => Some(true),
        (None, discharging) => discharging,
        // A supply that is off, and no battery: whatever feeds the machine, it is not told.
        (Some(false), None) => None,
    }
}

/// Cooling devices of type `Processor` slow the processor down while their state is above 0; and a limit may hold the
/// frequency down.
fn throttled(root: &Path) -> Option<bool> {
    let number = |path: PathBuf| line(path)?.parse::<f64>().ok();
    let mut told = None;
    for device in entries(root.join("sys/class/thermal")) {
        let is_processor = line(device.join("type")).is_some_and(|kind| kind == "Processor");
        if let (true, Some(state)) = (is_processor, number(device.join("cur_state"))) {
            told = Some(told.unwrap_or(false) || state > 0.0);
        }
    }
    let frequencies = root.join("sys/devices/system/cpu/cpu0/cpufreq");
    let highest = number(frequencies.join("cpuinfo_max_freq"));
    let limits = ["scaling_max_freq", "bios_limit"].map(|name| number(frequencies.join(name)));
    for limit in limits.into_iter().flatten() {
        if let Some(highest) = highest {
            told = Some(told.unwrap_or(false) || limit < HELD_DOWN * highest);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_tells_nothing_is_as_usual() {
        let root = tempfile::tempdir().unwrap();
        let state = MachineState::read_at(root.path());
        assert_eq!(state, MachineState::default());
        assert!(!state.is_unusual());
    }

    #[test]
    fn supplies_and_heat_are_read() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join("sys").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let condition = || MachineState::read_at(root.path()).condition();
        write("class/power_supply/AC/type", "Mains\n");
        write("class/power_supply/AC/online", "1\n");
        write("class/power_supply/BAT0/type", "Battery\n");
        write("class/power_supply/BAT0/status", "Charging\n");
        write("class/power_supply/mouse/type", "Battery\n");
        write("class/power_supply/mouse/scope", "Device\n");
        write("class/power_supply/mouse/status", "Discharging\n");
        assert_eq!(condition(), "usual");
        write("class/power_supply/AC/online", "0\n");
        write("class/power_supply/BAT0/status", "Discharging\n");
        assert_eq!(condition(), "on battery");
        write("class/thermal/cooling_device0/type", "Processor\n");
        write("class/thermal/cooling_device0/cur_state", "0\n");
        write("devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "4000000\n");
        write("devices/system/cpu/cpu0/cpufreq/scaling_max_freq", "4000000\n");
        assert_eq!(condition(), "on battery");
        write("devices/system/cpu/cpu0/cpufreq/scaling_max_freq", "1200000\n");
        assert_eq!(condition(), "on battery, throttled");
        write("class/power_supply/AC/online", "1\n");
        write("devices/system/cpu/cpu0/cpufreq/scaling_max_freq", "4000000\n");
        write("class/thermal/cooling_device0/cur_state", "3\n");
        assert_eq!(condition(), "throttled");
    }
}
