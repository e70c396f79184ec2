//! The tracker of the whole process.

use std::sync::OnceLock;

use super::{MemoryFault, MemoryTracker};

static TRACKER: OnceLock<MemoryTracker> = OnceLock::new();

/// The tracker of the whole process. It is on from its first use.
pub fn tracker() -> &'static MemoryTracker {
    TRACKER.get_or_init(MemoryTracker::new)
}

/// The same, if it was used already and is on: for those who tell of what they hold only to somebody who listens.
pub fn listener() -> Option<&'static MemoryTracker> {
    TRACKER.get().filter(|tracker| tracker.is_enabled())
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
