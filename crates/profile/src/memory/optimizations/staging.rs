//! Transfers that need not be, and copies that they leave behind.

use std::collections::HashMap;

use crate::memory::{EventKind, MemoryEvent};

use super::window::Window;
use super::{Effort, Optimization, OptimizationKind, Saving};

pub(super) fn find(window: &Window<'_>) -> Vec<Optimization> {
    let here = window.memory.device.as_str();
    let mut transfers: HashMap<u64, Vec<&MemoryEvent>> = HashMap::new();
    // What is held on this device since an event of the window.
    let mut held: HashMap<u64, &MemoryEvent> = HashMap::new();
    for event in &window.events {
        match event.kind {
            EventKind::Allocation => _ = held.insert(event.id, event),
            EventKind::Deallocation => _ = held.remove(&event.id),
            EventKind::Transfer => transfers.entry(event.id).or_default().push(event),
        }
    }
    // The greatest first, and each time in the same order.
    let mut transfers: Vec<_> = transfers.into_iter().collect();
    transfers.sort_by_key(|(id, events)| (events[0].at, *id));
    let kept = transfers.iter().filter_map(|(_, events)| to_and_fro(window, here, events));
    let idle = transfers
        .iter()
        .filter_map(|(id, events)| left_behind(window, here, held.get(id)?, events));
    kept.chain(idle).collect()
}

fn name(event: &MemoryEvent) -> String {
    event.name.clone().unwrap_or_else(|| event.id.to_string())
}

/// Of what goes to and fro, only the first and the last way are needed.
fn to_and_fro(window: &Window<'_>, here: &str, events: &[&MemoryEvent]) -> Option<Optimization> {
    let back = |a: &MemoryEvent, b: &MemoryEvent| {
        a.to.as_deref() == Some(&b.device)
            && b.to.as_deref() == Some(&a.device)
            && a.device != b.device
    };
    let turns = events.windows(2).filter(|pair| back(pair[0], pair[1])).count();
    let first = events.first()?;
    // Told once, of the device that it comes back to.
    if turns < 2 || turns + 1 != events.len() || first.device != here {
        return None;
    }
    let between = &events[1..events.len() - 1];
    let saved = between.iter().fold(0_u64, |sum, event| sum.saturating_add(event.bytes));
    let to = first.to.as_deref().unwrap_or_default();
    window.proposal(
        (OptimizationKind::KeepOnDevice, Effort::Medium),
        (saved, Saving::Transferred),
        events,
        format!(
            "`{}` goes to and fro between {here} and {to}, {} times in all. If what is done on {here} in between can be done on \
             {to}, only the first and the last way remain.",
            name(first),
            events.len(),
        ),
    )
}

/// What was copied away and only lies here since, for longer than before.
fn left_behind(
    window: &Window<'_>,
    here: &str,
    allocation: &MemoryEvent,
    events: &[&MemoryEvent],
) -> Option<Optimization> {
    let last = events.last()?;
    let end = window.events.last()?.at;
    let (used, idle) = (last.at.checked_sub(allocation.at)?, end.saturating_sub(last.at));
    if last.device != here || idle <= used {
        return None;
    }
    window.proposal(
        (OptimizationKind::FreeAfterTransfer, Effort::Low),
        (allocation.bytes, Saving::Held),
        &[allocation, last],
        format!(
            "`{}` was copied to {} and is held on {here} since, which is longer than before. If nothing reads it here, free it \
             after the transfer.",
            name(allocation),
            last.to.as_deref().unwrap_or_default(),
        ),
    )
}
