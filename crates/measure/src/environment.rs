//! The machine that a measurement was made on.

use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use crate::clock::Clock;

/// The machine, as far as it bears on speed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// The version of Tachy.
    pub tachy: String,
    /// Operating system and its version.
    pub system: String,
    /// The processor's architecture.
    pub architecture: String,
    /// The processor's model name.
    pub processor: String,
    /// Logical processors that this process may use.
    pub logical_processors: usize,
    /// SIMD extensions that matter here.
    pub simd: Vec<String>,
    /// Memory of the machine, in bytes.
    pub memory: u64,
    /// The frequency governor, where the system tells.
    pub governor: Option<String>,
    /// Processes that wanted to run, averaged over the last minute, when the measurement began.
    pub load: Option<f64>,
    /// The smallest step of the clock that was seen, in seconds.
    pub clock_tick: f64,
}

impl Environment {
    /// The machine that this process runs on.
    pub fn of_this_machine(clock: Clock) -> Self {
        let system = System::new_with_specifics(
            RefreshKind::nothing()
                .with_cpu(CpuRefreshKind::nothing())
                .with_memory(MemoryRefreshKind::nothing().with_ram()),
        );
        // What the system does not tell stays unknown; no measurement fails for it.
        let system = system.ok();
        let processor = system
            .as_ref()
            .and_then(|system| Some(system.cpus().first()?.brand().trim()))
            .filter(|name| !name.is_empty())
            .unwrap_or("unknown");
        Self {
            tachy: env!("CARGO_PKG_VERSION").to_owned(),
            system: System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.to_owned()),
            architecture: std::env::consts::ARCH.to_owned(),
            processor: processor.to_owned(),
            logical_processors: std::thread::available_parallelism().map_or(1, Into::into),
            simd: simd(),
            memory: system.as_ref().map_or(0, System::total_memory),
            governor: governor(),
            load: load(),
            clock_tick: clock.tick,
        }
    }
}

fn governor() -> Option<String> {
    let path = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned())
}

fn load() -> Option<f64> {
    Some(System::load_average().ok()?.one)
}

#[cfg(target_arch = "x86_64")]
fn simd() -> Vec<String> {
    let mut found = Vec::new();
    macro_rules! look_for {
        ($($feature:tt),*) => {$(
            if std::arch::is_x86_feature_detected!($feature) {
                found.push($feature.to_owned());
            }
        )*};
    }
    look_for!("avx", "avx2", "fma", "f16c", "avx512f", "avx512vnni", "avx512bf16", "avx512fp16");
    found
}

#[cfg(target_arch = "aarch64")]
fn simd() -> Vec<String> {
    let mut found = Vec::new();
    macro_rules! look_for {
        ($($feature:tt),*) => {$(
            if std::arch::is_aarch64_feature_detected!($feature) {
                found.push($feature.to_owned());
            }
        )*};
    }
    look_for!("neon", "fp16", "dotprod", "i8mm", "bf16", "sve");
    found
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn simd() -> Vec<String> {
    Vec::new()
}
