//! The tracker of the whole process.

use std::sync::LazyLock;

use super::{MemoryFault, MemoryTracker};

/// The tracker of the whole process. It is on from its first use.
pub fn tracker() -> &'static MemoryTracker {
    static TRACKER: LazyLock<MemoryTracker> = LazyLock::new(MemoryTracker::new);
    &TRACKER
}

/// Tells the process's tracker: [`MemoryTracker::track_allocation`].
///
/// # Errors
///
/// As there.
#[track_caller]
pub fn track_allocation(
    id: &str,
    bytes: u64,
    device: &str,
    purpose: &str,
) -> Result<(), MemoryFault> {
    tracker().track_allocation(id, bytes, device, purpose)
}

/// Tells the process's tracker: [`MemoryTracker::track_deallocation`].
///
/// # Errors
///
/// As there.
#[track_caller]
pub fn track_deallocation(id: &str, device: &str, purpose: &str) -> Result<(), MemoryFault> {
    tracker().track_deallocation(id, device, purpose)
}

/// Tells the process's tracker: [`MemoryTracker::track_transfer`].
///
/// # Errors
///
/// As there.
#[track_caller]
pub fn track_transfer(
    id: &str,
    bytes: u64,
    from: &str,
    to: &str,
    purpose: &str,
) -> Result<(), MemoryFault> {
    tracker().track_transfer(id, bytes, from, to, purpose)
}
