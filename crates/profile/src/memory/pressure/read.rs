//! How the signals are read.

use std::path::Path;

use super::level::Pressure;
use super::limits;
use super::signals::{Capacity, Signals, Stall};

/// How scarce the memory of a device is.
///
/// `capacity` tells the memory of a device that has its own: its engine knows. Where it answers `None`, as for `cpu` and for
/// devices that share the machine's memory, the machine is asked.
pub fn memory_pressure(device: &str, capacity: impl FnOnce(&str) -> Option<Capacity>) -> Pressure {
    match capacity(device) {
        Some(capacity) => Signals { capacity: Some(capacity), ..Signals::default() }.pressure(),
        None => Signals::read().pressure(),
    }
}

impl Signals {
    /// What this machine says now: on Linux the limits of control groups (both versions), the stall information and the
    /// available memory; on macOS `kern.memorystatus_vm_pressure_level`, which was written by its documentation and
    /// never run. Nothing on other systems.
    pub fn read() -> Self {
        #[allow(unused_mut, reason = "only some systems state a level")]
        let mut signals = Self::read_from(Path::new("/"));
        #[cfg(target_os = "macos")]
        {
            signals.stated = stated_level();
        }
        signals
    }

    /// What Linux says in the files under `root`. What is not there is left out; what is not understood is told in
    /// [`unreadable`](Self::unreadable).
    pub fn read_from(root: &Path) -> Self {
        let mut signals = Self::default();
        if let Ok(text) = std::fs::read_to_string(root.join("proc/meminfo")) {
            signals.capacity = capacity(&text);
            if signals.capacity.is_none() {
                signals
                    .unreadable
                    .push("`/proc/meminfo` does not tell the available memory.".into());
            }
        }
        if let Ok(text) = std::fs::read_to_string(root.join("proc/pressure/memory")) {
            signals.stall = stall(&text);
            if signals.stall.is_none() {
                signals
                    .unreadable
                    .push("`/proc/pressure/memory` does not tell how long programs waited.".into());
            }
        }
        limits::read(root, &mut signals);
        signals
    }
}

fn capacity(text: &str) -> Option<Capacity> {
    let bytes = |wanted: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(wanted))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(Capacity { total: bytes("MemTotal:")?, available: bytes("MemAvailable:")? })
}

fn stall(text: &str) -> Option<Stall> {
    let share = |wanted: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(wanted))?;
        let share = line.split_whitespace().find_map(|word| word.strip_prefix("avg10="))?;
        share.parse::<f64>().ok().filter(|share| (0.0..=100.0).contains(share))
    };
    Some(Stall { some: share("some ")?, full: share("full ")? })
}

/// The kernel's level: 1, 2 and 4 (`DISPATCH_MEMORYPRESSURE_NORMAL` and its siblings).
#[cfg(target_os = "macos")]
fn stated_level() -> Option<super::signals::SystemLevel> {
    use super::signals::SystemLevel;
    let (mut level, mut size) = (0_i32, size_of::<i32>());
    // SAFETY: the name ends in a zero, and `size` tells how many bytes may be written to `level`.
    let failed = unsafe {
        libc::sysctlbyname(
            c"kern.memorystatus_vm_pressure_level".as_ptr(),
            (&raw mut level).cast(),
            &raw mut size,
            std::ptr::null_mut(),
            0,
        )
    };
    match (failed, level) {
        (0, 1) => Some(SystemLevel::Normal),
        (0, 2) => Some(SystemLevel::Warning),
        (0, 4) => Some(SystemLevel::Critical),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::PressureLevel;
    use super::super::signals::Limit;
    use super::*;

    /// A root with these files.
    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    const MEMINFO: &str =
        "MemTotal:       24684096 kB\nMemFree:        1 kB\nMemAvailable:   12342048 kB\n";
    const STALLS: &str = "some avg10=1.50 avg60=0.00 avg300=0.00 total=324429\n\
        full avg10=0.25 avg60=0.00 avg300=0.00 total=113992\n";

    #[test]
    fn the_second_version_limits_through_all_groups_around() {
        let root = root(&[
            ("proc/meminfo", MEMINFO),
            ("proc/pressure/memory", STALLS),
            ("proc/self/cgroup", "0::/app/worker\n"),
            ("sys/fs/cgroup/app/worker/memory.max", "max\n"),
            ("sys/fs/cgroup/app/worker/memory.current", "500\n"),
            ("sys/fs/cgroup/app/memory.max", "1000\n"),
            ("sys/fs/cgroup/app/memory.current", "900\n"),
            ("sys/fs/cgroup/app/memory.stat", "anon 600\nfile 300\ninactive_file 100\n"),
        ]);
        let signals = Signals::read_from(root.path());
        let total = 24_684_096 * 1024;
        assert_eq!(signals.capacity, Some(Capacity { total, available: total / 2 }));
        assert_eq!(signals.stall, Some(Stall { some: 1.5, full: 0.25 }));
        assert_eq!(signals.limits, [Limit { group: "/app".into(), limit: 1000, used: 800 }]);
        assert_eq!(signals.unreadable, [""; 0]);
        assert_eq!(signals.pressure().level, PressureLevel::Medium);
    }

    #[test]
    fn the_first_version_limits_too() {
        let root = root(&[
            ("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/a/../b\n0::/\n"),
            ("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "2000\n"),
            ("sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "1990\n"),
            ("sys/fs/cgroup/memory/a/b/memory.stat", "inactive_file 1\ntotal_inactive_file 10\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "5000\n"),
        ]);
        let signals = Signals::read_from(root.path());
        assert_eq!(signals.limits, [Limit { group: "/a/b".into(), limit: 2000, used: 1980 }]);
        assert_eq!(signals.pressure().level, PressureLevel::Critical);
    }

    #[test]
    fn what_is_malformed_is_told_and_left_out() {
        let root = root(&[
            ("proc/meminfo", "MemTotal: lots kB\nMemAvailable: 3 kB\n"),
            ("proc/pressure/memory", "some avg10=140.0\nfull avg10=x\n"),
            ("proc/self/cgroup", "nonsense\n0::/g\n\u{0}:memory\n"),
            ("sys/fs/cgroup/g/memory.max", "12 monkeys"),
            ("sys/fs/cgroup/g/memory.current", "-5"),
        ]);
        let signals = Signals::read_from(root.path());
        assert_eq!((signals.capacity, signals.stall, &signals.limits[..]), (None, None, &[][..]));
        assert_eq!(signals.unreadable.len(), 6, "{:?}", signals.unreadable);
        assert_eq!(signals.pressure().level, PressureLevel::None);
        assert_eq!(Signals::read_from(Path::new("/no/such/folder")), Signals::default());
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_readers(text in ".{0,200}", line in "(some|full|MemTotal:|MemAvailable:) .{0,40}\n?") {
            let text = format!("{line}{text}");
            let root = root(&[
                ("proc/meminfo", &text),
                ("proc/pressure/memory", &text),
                ("proc/self/cgroup", &format!("0::/\n{text}")),
                ("sys/fs/cgroup/memory.max", &text),
                ("sys/fs/cgroup/memory.current", "1"),
            ]);
            Signals::read_from(root.path()).pressure();
        }
    }

    #[test]
    fn a_device_with_its_own_memory_is_judged_by_that() {
        let free =
            |device: &str| (device == "gpu").then_some(Capacity { total: 100, available: 8 });
        assert_eq!(memory_pressure("gpu", free).level, PressureLevel::High);
        assert!(!memory_pressure("cpu", free).evidence.is_empty());
    }
}
