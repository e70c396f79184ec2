//! What can be measured, and what measures it.

use std::time::{Duration, Instant};

use crate::clock::Clock;

/// Something that can be done any number of times.
pub trait Routine {
    /// Does it so many times. What counts stands between [`Gauge::start`] and [`Gauge::stop`], which come in pairs, as
    /// many as the routine likes; what prepares it and what clears up after it stands outside.
    fn pass(&mut self, iterations: u32, gauge: &mut dyn Gauge);
}

/// What measures between two moments, and adds up what it measured.
pub trait Gauge {
    /// From here on it counts.
    fn start(&mut self);

    /// From here on it does not.
    fn stop(&mut self);
}

/// A gauge of allocations.
pub trait Tally: Gauge {
    /// Allocations and allocated bytes since this was asked last.
    fn take(&mut self) -> (u64, u64);
}

/// A gauge of time.
pub(super) struct Stopwatch {
    started: Instant,
    time: Duration,
    spans: u32,
}

impl Stopwatch {
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), time: Duration::ZERO, spans: 0 }
    }

    /// The time in seconds, without what reading the clock took.
    pub(super) fn seconds(&self, clock: Clock) -> f64 {
        (self.time.as_secs_f64() - f64::from(self.spans) * clock.reading).max(0.0)
    }
}

impl Gauge for Stopwatch {
    #[inline]
    fn start(&mut self) {
        self.started = Instant::now();
    }

    #[inline]
    fn stop(&mut self) {
        self.time += self.started.elapsed();
        self.spans += 1;
    }
}
