//! What could be saved: each proposal is computed from the events and carries them.

mod early_free;
mod many_small;
mod pool;
mod proposal;
mod share;
mod staging;
mod window;

pub use proposal::{Effort, Optimization, OptimizationKind, Priority, Saving};

use self::window::Window;
use super::{DeviceMemory, MemoryEvent};

/// What could be saved on a device, the most important first, from the events that are kept and the sums of the device.
///
/// Nothing is guessed. What the events do not show, such as whether a buffer is still read, is said as a condition.
pub fn optimizations(events: &[MemoryEvent], memory: &DeviceMemory) -> Vec<Optimization> {
    let window = Window::of(events, memory);
    let mut found = Vec::new();
    found.extend(pool::find(&window));
    found.extend(share::find(&window));
    found.extend(staging::find(&window));
    found.extend(early_free::find(&window));
    found.extend(many_small::find(&window));
    found
        .sort_by_key(|proposal| std::cmp::Reverse((proposal.priority, proposal.potential_savings)));
    found
}
