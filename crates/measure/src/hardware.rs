//! What the system's files tell about the hardware. Each is read in microseconds; what is not there stays unknown.

use std::fs;
use std::path::{Path, PathBuf};

use crate::environment::Cache;

/// A file's first line without blanks around it, unless it is empty.
fn line(path: impl AsRef<Path>) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// The folders in a folder, in order.
fn entries(folder: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The kernel's version.
pub(crate) fn kernel() -> Option<String> {
    line("/proc/sys/kernel/osrelease").or_else(|| sysinfo::System::kernel_version().ok())
}

/// The frequency governor of the first processor.
pub(crate) fn governor() -> Option<String> {
    line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
}

/// The caches of the first processor, the nearest first.
pub(crate) fn caches() -> Vec<Cache> {
    let cache = |folder: PathBuf| {
        let level = line(folder.join("level"))?.parse().ok()?;
        let bytes = size(&line(folder.join("size"))?)?;
        Some(Cache { level, kind: line(folder.join("type"))?, bytes })
    };
    let mut caches: Vec<Cache> =
        entries("/sys/devices/system/cpu/cpu0/cache").into_iter().filter_map(cache).collect();
    caches.sort_by_key(|cache| cache.level);
    caches
}

/// Sizes as the kernel writes them: `48K`, `33792K`, `2M`.
fn size(text: &str) -> Option<u64> {
    let (digits, factor) = match text.as_bytes().last()? {
        b'K' => (&text[..text.len() - 1], 1 << 10),
        b'M' => (&text[..text.len() - 1], 1 << 20),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// The models of NVIDIA's processors by name; of others, the PCI numbers of maker and model.
pub(crate) fn gpus() -> Vec<String> {
    let nvidia = entries("/proc/driver/nvidia/gpus").into_iter().filter_map(|folder| {
        let text = fs::read_to_string(folder.join("information")).ok()?;
        Some(text.lines().find_map(|line| line.strip_prefix("Model:"))?.trim().to_owned())
    });
    let mut gpus: Vec<String> = nvidia.collect();
    if gpus.is_empty() {
        gpus = cards()
            .filter_map(|device| {
                let number =
                    |name| Some(line(device.join(name))?.trim_start_matches("0x").to_owned());
                Some(format!("PCI {}:{}", number("vendor")?, number("device")?))
            })
            .collect();
    }
    gpus
}

/// The driver of the first graphics processor.
pub(crate) fn gpu_driver() -> Option<String> {
    if let Some(version) = line("/proc/driver/nvidia/version") {
        return Some(version.trim_start_matches("NVRM version:").trim().to_owned());
    }
    let driver = fs::read_link(cards().next()?.join("driver")).ok()?;
    Some(driver.file_name()?.to_string_lossy().into_owned())
}

/// The devices behind `card0`, `card1` and so on; their outputs have names such as `card0-HDMI-A-1`.
fn cards() -> impl Iterator<Item = PathBuf> {
    entries("/sys/class/drm").into_iter().filter_map(|card| {
        let number = card.file_name()?.to_str()?.strip_prefix("card")?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then(|| card.join("device"))
    })
}

/// The temperature of the hottest zone, in degrees Celsius.
pub(crate) fn temperature() -> Option<f64> {
    entries("/sys/class/thermal")
        .into_iter()
        .filter_map(|zone| line(zone.join("temp"))?.parse::<f64>().ok())
        .map(|thousandths| thousandths / 1000.0)
        .max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_of_caches_are_read() {
        assert_eq!(size("48K"), Some(49_152));
        assert_eq!(size("2M"), Some(2_097_152));
        assert_eq!(size("512"), Some(512));
        assert_eq!(size("K"), None);
        assert_eq!(size(""), None);
    }
}
