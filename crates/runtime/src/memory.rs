//! What engines tell of their memory.

use tachy_profile::memory::{EngineFigures, Occasion, listener};

use crate::device::Device;

/// Memory as the engine reports it, in bytes; `None` where it reports nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryStats {
    /// In use now.
    pub active: Option<u64>,
    /// The most that was in use at once.
    pub peak: Option<u64>,
    /// Held from the system, in use or not.
    pub reserved: Option<u64>,
    /// What this memory is for, as finely as the engine tells it: `arrays`.
    pub purpose: &'static str,
    /// Who counted, and of what: `MLX's allocator, for the whole process`.
    pub source: &'static str,
}

/// Tells the process's memory tracker, if memory is tracked, what an engine says of its memory on a device. Engines call
/// it when they have compiled, bound or run; unless memory is tracked, nothing is asked for.
///
/// An engine that has no figures is told as such. One that tells the tracker of its allocations need not call this.
pub fn tell_memory(
    device: impl FnOnce() -> Device,
    occasion: Occasion,
    stats: impl FnOnce() -> MemoryStats,
) {
    let Some(tracker) = listener() else { return };
    let device = device();
    let MemoryStats { active, peak, reserved, purpose, source } = stats();
    let figures = EngineFigures { active, peak, reserved };
    if figures.is_empty() {
        let reason = format!("`{}` tells no figures of its memory.", device.backend());
        tracker.engine_tells_nothing(&device.to_string(), &reason);
    } else {
        tracker.engine_tells(&device.to_string(), [purpose, source], occasion, figures);
    }
}
