//! The clock: how fine it is, and what reading it costs.

use std::time::Instant;

/// A sample lasts at least this many ticks of the clock, so that reading it costs and errs at most a thousandth.
pub const TICKS_PER_SAMPLE: f64 = 1000.0;

/// What was found out about the clock of this machine, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    /// The smallest step between two readings: the resolution, or the time that a reading takes if that is longer.
    pub tick: f64,
    /// The time that a reading takes.
    pub reading: f64,
}

impl Clock {
    /// Measures the clock.
    pub fn measure() -> Self {
        Self { tick: tick(), reading: reading() }
    }
}

fn tick() -> f64 {
    (0..1000)
        .map(|_| {
            let start = Instant::now();
            loop {
                let elapsed = start.elapsed();
                if !elapsed.is_zero() {
                    return elapsed.as_secs_f64();
                }
            }
        })
        .fold(f64::INFINITY, f64::min)
}

/// The least of several means: whatever disturbs a mean makes it longer.
fn reading() -> f64 {
    const READINGS: u32 = 1000;
    (0..20)
        .map(|_| {
            let start = Instant::now();
            let mut last = start;
            for _ in 0..READINGS {
                last = Instant::now();
            }
            (last - start).as_secs_f64() / f64::from(READINGS)
        })
        .fold(f64::INFINITY, f64::min)
}
