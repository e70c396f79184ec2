//! How ticks become nanoseconds.

use std::time::Instant;

use super::ticks;
use super::ticks::{nanoseconds, prepare};

/// One moment, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// In raw ticks.
    pub ticks: u64,
    /// In nanoseconds of the system's monotonic clock, since some moment of this process.
    pub nanoseconds: u64,
}

impl Reading {
    /// Reads both clocks: the tightest of several attempts, as the thread may be interrupted in between.
    pub fn now() -> Self {
        prepare();
        (0..16)
            .map(|_| {
                let before = ticks();
                let time = Instant::now();
                let after = ticks();
                let apart = after.saturating_sub(before);
                (apart, Self { ticks: before + apart / 2, nanoseconds: nanoseconds(time) })
            })
            .min_by_key(|(apart, _)| *apart)
            .expect("there is more than one attempt")
            .1
    }
}

/// How ticks become nanoseconds: on the straight line through two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    start: u64,
    /// Nanoseconds of a tick, times 2^[`FRACTION`].
    rate: u128,
}

/// Enough that the rounding of the rate stays below a nanosecond for 2^56 ticks, which are months.
const FRACTION: u32 = 56;

impl Calibration {
    /// From a reading at the start and one at the end. Ticks count as nanoseconds if no time lies between the two.
    pub fn new(start: Reading, end: Reading) -> Self {
        let ticks = u128::from(end.ticks.saturating_sub(start.ticks));
        let nanoseconds = u128::from(end.nanoseconds.saturating_sub(start.nanoseconds));
        let rate = (nanoseconds << FRACTION)
            .checked_div(ticks)
            .filter(|rate| *rate > 0)
            .unwrap_or(1 << FRACTION);
        Self { start: start.ticks, rate }
    }

    /// Nanoseconds from the first reading until these ticks; 0 for ticks before it.
    pub fn nanoseconds(&self, ticks: u64) -> u64 {
        self.duration(ticks.saturating_sub(self.start))
    }

    /// Nanoseconds that so many ticks take.
    pub fn duration(&self, ticks: u64) -> u64 {
        let exact = u128::from(ticks).saturating_mul(self.rate).saturating_add(1 << (FRACTION - 1));
        u64::try_from(exact >> FRACTION).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_come_out_to_the_nanosecond() {
        // 2.6 GHz, where the rate is no round number.
        let hours = 100 * 3600;
        let start = Reading { ticks: 1 << 50, nanoseconds: 77 };
        let end = Reading {
            ticks: start.ticks + hours * 2_600_000_000,
            nanoseconds: start.nanoseconds + hours * 1_000_000_000,
        };
        let calibration = Calibration::new(start, end);
        assert_eq!(calibration.nanoseconds(end.ticks), hours * 1_000_000_000);
        assert_eq!(calibration.nanoseconds(start.ticks + 26), 10);
        assert_eq!(calibration.nanoseconds(start.ticks - 1), 0);
        let third = start.ticks + hours / 3 * 2_600_000_000;
        assert_eq!(calibration.nanoseconds(third), hours / 3 * 1_000_000_000);
    }

    #[test]
    fn a_session_without_length_has_a_rate() {
        let moment = Reading { ticks: 5, nanoseconds: 5 };
        let calibration = Calibration::new(moment, moment);
        assert_eq!(calibration.nanoseconds(8), 3);
        assert_eq!(calibration.duration(u64::MAX), u64::MAX);
    }

    #[test]
    fn ticks_agree_with_the_system_clock() {
        let start = Reading::now();
        std::thread::sleep(std::time::Duration::from_millis(5));
        let (middle, time) = (ticks(), nanoseconds(Instant::now()));
        std::thread::sleep(std::time::Duration::from_millis(5));
        let calibration = Calibration::new(start, Reading::now());
        let difference = calibration.nanoseconds(middle).abs_diff(time - start.nanoseconds);
        // The thread may be interrupted between the two readings, but hardly for so long.
        assert!(difference < 2_000_000, "{difference} ns");
    }
}
