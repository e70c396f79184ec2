//! The memory of this process, as the system counts it.

/// The most memory that this process ever held, in bytes (the high-water mark of its resident set); `None` where
/// the system does not tell.
pub fn peak_resident() -> Option<u64> {
    // /proc/self/status, documented in proc_pid_status(5): "VmHWM:     1234 kB".
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
