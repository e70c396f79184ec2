//! Small allocations by the hundred.

use std::collections::BTreeMap;

use crate::memory::{EventKind, MemoryEvent};

use super::window::Window;
use super::{Effort, Optimization, OptimizationKind, Saving};

/// What is smaller is small.
const SMALL: u64 = 1024;
/// Fewer are not many.
const MANY: usize = 100;

/// The small allocations of each purpose, which one block could hold.
pub(super) fn find(window: &Window<'_>) -> Vec<Optimization> {
    let mut small: BTreeMap<&str, Vec<&MemoryEvent>> = BTreeMap::new();
    for event in &window.events {
        if event.kind == EventKind::Allocation && event.bytes < SMALL {
            small.entry(&event.purpose).or_default().push(event);
        }
    }
    let many = small.into_iter().filter(|(_, events)| events.len() >= MANY);
    let proposals = many.filter_map(|(purpose, events)| {
        let bytes = events.iter().fold(0_u64, |sum, event| sum.saturating_add(event.bytes));
        window.proposal(
            (OptimizationKind::Arena, Effort::Medium),
            (bytes, Saving::Requested),
            &events,
            format!(
                "`{purpose}`: {} allocations are smaller than {SMALL} bytes, {bytes} bytes together. Taken from one block, they \
                 are no requests of their own.",
                events.len(),
            ),
        )
    });
    proposals.collect()
}
