//! Peaks that are there because the new is allocated before the old is freed that it replaces.

use crate::memory::EventKind;

use super::window::Window;
use super::{Effort, Optimization, OptimizationKind, Saving};

/// Replacements from which on it is a habit of the program, and not the end of something.
const FEWEST: usize = 3;

/// Plays the events with each replaced buffer freed before its replacement is allocated. Replaced is what is freed
/// directly after an allocation of the same purpose, up to the size of that.
pub(super) fn find(window: &Window<'_>) -> Option<Optimization> {
    let mut held = window.held_before;
    let (mut peak, mut lower_peak) = (held, held);
    let (mut behind, mut replacements) = (Vec::new(), 0);
    let mut events =
        window.events.iter().filter(|event| event.kind != EventKind::Transfer).peekable();
    while let Some(event) = events.next() {
        if event.kind == EventKind::Deallocation {
            held = held.saturating_sub(event.bytes);
            continue;
        }
        held = held.saturating_add(event.bytes);
        let (mut replaced, mut frees) = (0_u64, Vec::new());
        while let Some(free) = events.next_if(|next| {
            next.kind == EventKind::Deallocation
                && next.id != event.id
                && next.purpose == event.purpose
                && next.bytes <= event.bytes - replaced
        }) {
            replaced += free.bytes;
            frees.push(*free);
        }
        replacements += usize::from(replaced > 0);
        if held > peak || behind.is_empty() {
            behind = std::iter::once(*event).chain(frees).collect();
        }
        peak = peak.max(held);
        lower_peak = lower_peak.max(held.saturating_sub(replaced));
        held = held.saturating_sub(replaced);
    }
    if replacements < FEWEST {
        return None;
    }
    // Of a peak before these events nothing is known.
    if peak < window.memory.figures.peak {
        return None;
    }
    let new = behind.first()?;
    let description = format!(
        "At the peak of {peak} bytes, `{}` is allocated and what it replaces is freed directly after, as it is {replacements} times \
         in all. If the old is not read any more then, free it before: the peak falls to {lower_peak} bytes.",
        new.purpose,
    );
    let saving = (peak - lower_peak, Saving::Peak);
    window.proposal((OptimizationKind::FreeEarlier, Effort::Low), saving, &behind, description)
}
