//! The machine that a measurement was made on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use crate::clock::Clock;
use crate::{hardware, revision::Revision};

/// The fingerprint of a measurement: the machine, its state and the code, as far as they bear on speed.
///
/// What is not known is empty, 0 or `None`; [`Environment::default`] knows nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// The version of Tachy.
    pub tachy: String,
    /// Operating system and its version.
    pub system: String,
    /// The version of the operating system's kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The processor's architecture.
    pub architecture: String,
    /// The processor's model name.
    pub processor: String,
    /// Logical processors that this process may use.
    pub logical_processors: usize,
    /// SIMD extensions that matter here.
    pub simd: Vec<String>,
    /// The processor's caches, the nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caches: Vec<Cache>,
    /// Memory of the machine, in bytes.
    pub memory: u64,
    /// The models of the graphics processors, in the system's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<String>,
    /// The driver of the graphics processors and its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_driver: Option<String>,
    /// The frequency governor, where the system tells.
    pub governor: Option<String>,
    /// Processes that wanted to run, averaged over the last minute, when the measurement began.
    pub load: Option<f64>,
    /// The temperature of the hottest sensor when the measurement began, in degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The smallest step of the clock that was seen, in seconds.
    pub clock_tick: f64,
    /// The engines that took part and their versions, by device.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub engines: BTreeMap<String, String>,
    /// The compiler that built the code that was measured, where that is known: `rustc 1.95.0 (…)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compiler: Option<String>,
    /// The commit of the folder in which the measurement was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether tracked files there differed from that commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
}

/// One of the caches that a core reads through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cache {
    /// 1 for the nearest.
    pub level: u8,
    /// `Data`, `Instruction` or `Unified`.
    pub kind: String,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Environment {
    /// The machine that this process runs on, as it is now, and the commit of the current folder.
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
        let revision = Revision::of_current_folder();
        Self {
            tachy: env!("CARGO_PKG_VERSION").to_owned(),
            system: System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.to_owned()),
            kernel: hardware::kernel(),
            architecture: std::env::consts::ARCH.to_owned(),
            processor: processor.to_owned(),
            logical_processors: std::thread::available_parallelism().map_or(1, Into::into),
            simd: simd(),
            caches: hardware::caches(),
            memory: system.as_ref().map_or(0, System::total_memory),
            gpus: hardware::gpus(),
            gpu_driver: hardware::gpu_driver(),
            governor: hardware::governor(),
            load: load(),
            temperature: hardware::temperature(),
            clock_tick: clock.tick,
            engines: BTreeMap::new(),
            compiler: option_env!("TACHY_COMPILER").map(str::to_owned),
            commit: revision.as_ref().map(|revision| revision.commit.clone()),
            dirty: revision.and_then(|revision| revision.dirty),
        }
    }
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
