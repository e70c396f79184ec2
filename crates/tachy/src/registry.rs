//! The engines that were built in.

use std::sync::OnceLock;

use tachy_measure::{Clock, Environment};
use tachy_runtime::Registry;
use tachy_tune::{AutoBackend, AutoOptions, OnBattery, cache_folder};

/// The environment variable that says what follows from a machine on battery: `measure`, `prefer=DEVICE` or `ignore`.
pub const ON_BATTERY: &str = "TACHY_ON_BATTERY";

static POLICY: OnceLock<OnBattery> = OnceLock::new();

/// A registry with every engine that this build has: the native one, and one for each cargo feature; and `auto`, which
/// chooses among their devices.
pub fn registry() -> Registry {
    let mut registry = engines();
    registry.register(auto());
    registry
}

/// The device that chooses among those of all engines, as [`registry`] has it: its measurements, and the devices' peaks, are
/// remembered in the user's folder for caches.
pub fn auto() -> AutoBackend {
    let policy = || std::env::var(ON_BATTERY).ok()?.parse().ok();
    let options = AutoOptions {
        memory: cache_folder().map(|folder| folder.join("routes.json")),
        peaks: cache_folder(),
        on_battery: POLICY.get().cloned().or_else(policy).unwrap_or_default(),
        ..AutoOptions::default()
    };
    AutoBackend::new(engines(), machine, options)
}

/// What follows from a machine on battery or throttled, for every registry that is made from now on. Counts once, before
/// the environment variable.
pub fn set_on_battery(policy: OnBattery) {
    // Whoever comes later keeps to what was said first.
    let _ = POLICY.set(policy);
}

/// The processor, with what it can do: what is measured on another one is not this one's.
pub(crate) fn machine() -> String {
    let environment = Environment::of_this_machine(Clock::measure());
    format!("{} ({})", environment.processor, environment.simd.join(", "))
}

fn engines() -> Registry {
    let mut registry = Registry::new();
    registry.register(tachy_cpu::CpuBackend);
    #[cfg(feature = "ort")]
    registry.register(tachy_ort::OrtBackend);
    #[cfg(feature = "openvino")]
    registry.register(tachy_openvino::OpenVinoBackend);
    #[cfg(feature = "rten")]
    registry.register(tachy_rten::RtenBackend);
    #[cfg(feature = "mlx")]
    registry.register(tachy_mlx::MlxBackend);
    #[cfg(feature = "tract")]
    registry.register(tachy_tract::TractBackend);
    registry
}
