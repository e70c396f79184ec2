//! The state of counters at one time, and what was spent from one time to another.

use std::time::Instant;

/// One counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counter {
    pub name: String,
    /// In microjoules.
    pub energy: u64,
    /// Where it begins again; `None` if it never does.
    pub range: Option<u64>,
}

/// Counters at one time.
#[derive(Debug, Clone)]
pub struct EnergyReading {
    pub(super) at: Instant,
    pub(super) counters: Vec<Counter>,
}

/// What was spent from one reading to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EnergySpent {
    /// Joules, over all counters.
    pub joules: f64,
    /// Seconds between the readings.
    pub seconds: f64,
}

impl EnergySpent {
    /// The mean power in watts; `None` where no time has passed.
    pub fn watts(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.joules / self.seconds)
    }
}

impl EnergyReading {
    /// What was spent from this reading to a later one, by the counters that both have. A counter that began again once
    /// in between is understood.
    pub fn until(&self, later: &Self) -> EnergySpent {
        let mut joules = 0.0;
        for counter in &later.counters {
            let Some(earlier) = self.counters.iter().find(|earlier| earlier.name == counter.name)
            else {
                continue;
            };
            let step = match (counter.energy.checked_sub(earlier.energy), counter.range) {
                (Some(step), _) => step,
                (None, Some(range)) => {
                    range.saturating_sub(earlier.energy).saturating_add(counter.energy)
                }
                // The driver was loaded anew, and counts from zero.
                (None, None) => counter.energy,
            };
            joules += step as f64 * 1e-6;
        }
        let seconds = later.at.saturating_duration_since(self.at).as_secs_f64();
        EnergySpent { joules, seconds }
    }
}
