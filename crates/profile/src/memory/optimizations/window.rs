//! The events that are looked at.

use crate::memory::{DeviceMemory, EventKind, MemoryEvent};

use super::{Effort, Optimization, OptimizationKind, Priority, Saving};

/// Events that are shown of each proposal.
const SHOWN: usize = 8;

/// The events of one device.
pub(super) struct Window<'a> {
    pub memory: &'a DeviceMemory,
    /// Allocations and frees on the device, and transfers from it or to it.
    pub events: Vec<&'a MemoryEvent>,
    /// Bytes that were held before the first of them.
    pub held_before: u64,
}

impl<'a> Window<'a> {
    pub(super) fn of(events: &'a [MemoryEvent], memory: &'a DeviceMemory) -> Self {
        let here = |name: &str| *name == memory.device;
        let ours = events
            .iter()
            .filter(|event| here(&event.device) || event.to.as_deref().is_some_and(here));
        let events: Vec<_> = ours.collect();
        // Back from what is held now.
        let held_before =
            events.iter().rev().fold(memory.figures.current, |held, event| match event.kind {
                EventKind::Allocation => held.saturating_sub(event.bytes),
                EventKind::Deallocation => held.saturating_add(event.bytes),
                EventKind::Transfer => held,
            });
        Self { memory, events, held_before }
    }

    /// Bytes of all events of a kind.
    pub(super) fn bytes(&self, kind: EventKind) -> u64 {
        let of_kind = self.events.iter().filter(|event| event.kind == kind);
        of_kind.fold(0, |sum, event| sum.saturating_add(event.bytes))
    }

    /// A proposal, if it saves anything.
    pub(super) fn proposal(
        &self,
        (kind, effort): (OptimizationKind, Effort),
        (potential_savings, saving): (u64, Saving),
        events: &[&MemoryEvent],
        description: String,
    ) -> Option<Optimization> {
        let all = match saving {
            Saving::Peak => self.memory.figures.peak,
            Saving::Held => self.memory.figures.current,
            Saving::Requested => self.bytes(EventKind::Allocation),
            Saving::Transferred => self.bytes(EventKind::Transfer),
        };
        (potential_savings > 0).then(|| Optimization {
            kind,
            device: self.memory.device.clone(),
            description,
            potential_savings,
            saving,
            priority: Priority::of(potential_savings, all),
            effort,
            events: events.iter().take(SHOWN).map(|event| (*event).clone()).collect(),
            event_count: events.len() as u64,
        })
    }
}
