//! The packing strategies, from the quickest to the most thorough.

use crate::first_fit::first_fit;
use crate::improve::{improve_many, search_few};
use crate::item::Instance;
use crate::limits::Limits;
use crate::order::{QUICK_KEYS, order_by, ranks};
use crate::skyline::skyline;

/// Up to so many items, first fit is done before anything else is made ready.
const HANDFUL: usize = 32;

/// Up to so many items, first fit is quick, and the search has a chance.
const FEW: usize = 2_000;

/// Offsets with a peak that is at most the goal, if they are found; else the lowest found.
///
/// The parts of the instance that no item connects are packed apart from each other.
pub(crate) fn pack(instance: &Instance, goal: u64, limits: &Limits<'_>) -> Vec<u64> {
    let bound = instance.bound();
    // What cannot fit is not worth a search.
    let steps = if bound > goal { 0 } else { limits.steps };
    let goal = goal.max(bound);
    if instance.items.len() <= HANDFUL {
        let offsets = first_fit(instance, &order_by(&instance.items, QUICK_KEYS[0]));
        if instance.peak(&offsets) <= goal {
            return offsets;
        }
    }
    let mut budget = Budget { steps, interrupt: limits.interrupt };
    let mut offsets = vec![0; instance.items.len()];
    for (part, members) in instance.parts() {
        for (member, offset) in members.into_iter().zip(pack_part(&part, goal, limits, &mut budget))
        {
            offsets[member] = offset;
        }
    }
    offsets
}

fn pack_part(
    instance: &Instance,
    goal: u64,
    limits: &Limits<'_>,
    budget: &mut Budget<'_>,
) -> Vec<u64> {
    let few = instance.items.len() <= FEW;
    let mut best = Best { offsets: Vec::new(), peak: u64::MAX };
    for key in QUICK_KEYS {
        let order = order_by(&instance.items, key);
        best.offer(instance, skyline(instance, &ranks(&order)));
        if best.peak > goal && few {
            best.offer(instance, first_fit(instance, &order));
        }
        if best.peak <= goal {
            return best.offsets;
        }
    }
    if few {
        search_few(instance, goal, limits.capacity.is_none(), budget, &mut best);
    } else {
        improve_many(instance, goal, budget, &mut best);
    }
    best.offsets
}

/// Steps that are left.
pub(crate) struct Budget<'a> {
    pub steps: u64,
    pub interrupt: Option<&'a dyn Fn() -> bool>,
}

impl Budget<'_> {
    /// Whether the search must end.
    pub(crate) fn spent(&self) -> bool {
        self.steps == 0 || self.interrupt.is_some_and(|interrupt| interrupt())
    }
}

/// The best packing so far.
pub(crate) struct Best {
    pub offsets: Vec<u64>,
    pub peak: u64,
}

impl Best {
    pub(crate) fn offer(&mut self, instance: &Instance, offsets: Vec<u64>) {
        let peak = instance.peak(&offsets);
        if peak < self.peak {
            *self = Self { offsets, peak };
        }
    }
}
