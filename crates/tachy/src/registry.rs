//! The engines that were built in.

use tachy_runtime::Registry;

/// A registry with every engine that this build has: the native one, and one for each cargo feature.
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.register(tachy_cpu::CpuBackend);
    #[cfg(feature = "ort")]
    registry.register(tachy_ort::OrtBackend);
    #[cfg(feature = "openvino")]
    registry.register(tachy_openvino::OpenVinoBackend);
    #[cfg(feature = "rten")]
    registry.register(tachy_rten::RtenBackend);
    #[cfg(feature = "tract")]
    registry.register(tachy_tract::TractBackend);
    registry
}
