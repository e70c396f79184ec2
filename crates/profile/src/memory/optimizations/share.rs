//! Purposes whose peaks do not coincide, and arenas that are larger than what they ever held.

use super::window::Window;
use super::{Effort, Optimization, OptimizationKind, Saving};

/// Memory that each purpose keeps for itself must hold the sum of their peaks; shared, it need only hold the peak of
/// their sum.
pub(super) fn find(window: &Window<'_>) -> Option<Optimization> {
    let memory = window.memory;
    let peak = memory.figures.peak;
    if let Some(arena) = memory.fragmentation.filter(|arena| arena.reserved > peak) {
        return window.proposal(
            (OptimizationKind::Share, Effort::Low),
            (arena.reserved - peak, Saving::Peak),
            &[],
            format!(
                "{} bytes are reserved, and never more than {peak} were held at once.",
                arena.reserved
            ),
        );
    }
    let peaks =
        memory.purposes.iter().fold(0_u64, |sum, purpose| sum.saturating_add(purpose.figures.peak));
    let names: Vec<_> =
        memory.purposes.iter().map(|purpose| format!("`{}`", purpose.purpose)).collect();
    let saved = peaks.checked_sub(peak)?;
    window.proposal(
        (OptimizationKind::Share, Effort::High),
        (saved, Saving::Peak),
        &[],
        format!(
            "The peaks of {} do not coincide. If each keeps memory for itself, they need {peaks} bytes; if they share it, {peak}.",
            names.join(", "),
        ),
    )
}
