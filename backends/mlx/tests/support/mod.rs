//! The devices to test on.

use tachy_backend_cases as cases;
use tachy_mlx::MlxBackend;
use tachy_runtime::Device;

/// Set where MLX must be there: its absence fails the tests then, instead of leaving them out.
const REQUIRED: &str = "TACHY_REQUIRE_MLX";

/// MLX's devices that can be used here. That one is left out, and why, is said on standard error.
pub fn devices() -> Vec<Device> {
    let found = ["mlx:cpu", "mlx:gpu"].map(|device| cases::available(&MlxBackend, device));
    let required = std::env::var_os(REQUIRED).is_some_and(|value| !value.is_empty());
    assert!(!required || found[0].is_some(), "{REQUIRED} is set, but `mlx:cpu` is absent");
    found.into_iter().flatten().collect()
}
