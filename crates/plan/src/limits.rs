//! How far the planner goes.

use std::fmt;

/// What a plan has to keep to, and how much work may be spent on it.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// Bytes that the arena may have. The planner is content with the first plan that fits. Without a capacity it
    /// looks for the smallest peak.
    pub capacity: Option<u64>,
    /// Search steps that may be spent once the quick heuristics have missed the goal. A step takes some ten
    /// microseconds. With 0, the heuristics are all.
    pub steps: u64,
    /// Asked now and then during the search; once it answers `true`, the best plan so far is taken. With a clock in
    /// it, the plan depends on the machine's speed.
    pub interrupt: Option<&'a dyn Fn() -> bool>,
}

impl Limits<'_> {
    /// Only the quick heuristics.
    pub const QUICK: Limits<'static> = Limits { capacity: None, steps: 0, interrupt: None };

    /// The same limits with a capacity in bytes.
    pub fn with_capacity(self, capacity: u64) -> Self {
        Self { capacity: Some(capacity), ..self }
    }

    /// The same limits with another number of search steps.
    pub fn with_steps(self, steps: u64) -> Self {
        Self { steps, ..self }
    }
}

impl Default for Limits<'_> {
    /// No capacity, and a search that takes about a second where the quick heuristics miss the lower bound.
    fn default() -> Self {
        Self { capacity: None, steps: 100_000, interrupt: None }
    }
}

impl fmt::Debug for Limits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("capacity", &self.capacity)
            .field("steps", &self.steps)
            .field("interrupt", &self.interrupt.is_some())
            .finish()
    }
}
