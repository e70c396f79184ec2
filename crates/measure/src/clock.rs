//! The clock, and how fine it is.

use std::time::Instant;

/// A sample lasts at least this many ticks of the clock, so that reading it costs and errs at most a thousandth.
pub const TICKS_PER_SAMPLE: f64 = 1000.0;

/// The smallest step between two readings of the clock, in seconds: its resolution, or the time that a reading
/// takes if that is longer.
pub fn clock_tick() -> f64 {
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
