//! How times of another clock become times of the host.

/// One look at another clock, between two looks at the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The host's time before the other clock was read, in nanoseconds.
    pub before: u64,
    /// The other clock's time, in its own unit.
    pub other: u64,
    /// The host's time after the other clock was read, in nanoseconds.
    pub after: u64,
}

impl ClockReading {
    fn round_trip(&self) -> u64 {
        self.after.saturating_sub(self.before)
    }
}

/// The straight line from another clock's time to the host's.
///
/// The other clock was read somewhere between the two looks at the host's, so that half the round trip bounds the error
/// of one reading (F. Cristian, "Probabilistic clock synchronization", 1989). Slow readings tell little and are left
/// out: the line goes by least squares through those that took at most twice the shortest round trip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockAlignment {
    /// A time of the other clock,
    other: u64,
    /// and the host's time then.
    host: f64,
    /// Nanoseconds of the host in a unit of the other clock.
    rate: f64,
    /// Nanoseconds.
    error: f64,
}

impl ClockAlignment {
    /// From readings of two clocks, best taken at the start and at the end of what is to be aligned; `None` if there
    /// are none. `unit` is how many nanoseconds the other clock's unit nominally is; it counts where all readings
    /// were taken at one time of the other clock.
    pub fn new(readings: &[ClockReading], unit: f64) -> Option<Self> {
        let shortest = readings.iter().map(ClockReading::round_trip).min()?;
        let good: Vec<&ClockReading> = readings
            .iter()
            .filter(|reading| reading.round_trip() <= shortest.saturating_mul(2))
            .collect();
        // Everything relative to one reading, as clocks count from long ago and a float holds 53 bits.
        let first = good[0];
        let points: Vec<(f64, f64)> = good
            .iter()
            .map(|reading| {
                (
                    difference(reading.other, first.other),
                    difference(reading.before, first.before) + reading.round_trip() as f64 / 2.0,
                )
            })
            .collect();
        let count = points.len() as f64;
        let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
        let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
        let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        let together: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        let rate = if spread > 0.0 && together > 0.0 { together / spread } else { unit };
        let line = |x: f64| mean_y + (x - mean_x) * rate;
        // Two straight lines are farthest apart at an end, so that what holds at the readings holds between them.
        let error = points
            .iter()
            .zip(&good)
            .map(|((x, y), reading)| (y - line(*x)).abs() + reading.round_trip() as f64 / 2.0)
            .fold(0.0, f64::max);
        Some(Self { other: first.other, host: first.before as f64 + line(0.0), rate, error })
    }

    /// The host's time, in nanoseconds, at a time of the other clock.
    pub fn host(&self, other: u64) -> u64 {
        (self.host + difference(other, self.other) * self.rate).round() as u64
    }

    /// What the host's clock showed, in nanoseconds, when the other clock showed 0.
    pub fn offset(&self) -> f64 {
        self.host - self.other as f64 * self.rate
    }

    /// Nanoseconds of the host in one unit of the other clock.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// By which part the other clock runs too slowly, if its unit should be so many nanoseconds of the host: 1e-6 is
    /// a microsecond a second.
    pub fn drift(&self, unit: f64) -> f64 {
        self.rate / unit - 1.0
    }

    /// By how many nanoseconds [`host`](Self::host) may be off between the first and the last reading: half the round
    /// trip of a reading and its distance from the line, where that sum is greatest.
    pub fn error(&self) -> f64 {
        self.error
    }
}

fn difference(a: u64, b: u64) -> f64 {
    if a >= b { (a - b) as f64 } else { -((b - a) as f64) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_reading_gives_the_offset() {
        let reading = ClockReading { before: 1_000, other: 50, after: 1_040 };
        let alignment = ClockAlignment::new(&[reading], 1.0).unwrap();
        assert_eq!(alignment.host(50), 1_020);
        assert_eq!(alignment.host(60), 1_030);
        assert_eq!(alignment.error(), 20.0);
        assert_eq!(alignment.offset(), 970.0);
        assert_eq!(ClockAlignment::new(&[], 1.0), None);
    }

    proptest! {
        /// A clock with any offset and drift, read over a channel that is slow at random: the truth is within the
        /// error.
        #[test]
        fn the_error_holds(
            offset in 0u64..1 << 50,
            drift in -1e-4f64..1e-4,
            trips in prop::collection::vec((20u64..20_000, 0.0f64..1.0), 2..40),
        ) {
            let host_at = |other: u64| offset as f64 + other as f64 * (1.0 + drift);
            let readings: Vec<ClockReading> = trips
                .iter()
                .enumerate()
                .map(|(index, (trip, part))| {
                    let other = 1_000_000_000 + index as u64 * 50_000_000;
                    let before = (host_at(other) - part * *trip as f64).floor() as u64;
                    ClockReading { before, other, after: before + trip }
                })
                .collect();
            let alignment = ClockAlignment::new(&readings, 1.0).unwrap();
            let good: Vec<_> = readings
                .iter()
                .filter(|reading| {
                    reading.round_trip() <= 2 * readings.iter().map(ClockReading::round_trip).min().unwrap()
                })
                .collect();
            // Times here are whole nanoseconds.
            let bound = alignment.error() + 2.0;
            for other in [good[0].other, good[good.len() - 1].other] {
                let off = (alignment.host(other) as f64 - host_at(other)).abs();
                prop_assert!(off <= bound, "{off} > {bound}");
            }
        }

        #[test]
        fn any_readings_give_a_line(readings in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 1..9)) {
            let readings: Vec<_> =
                readings.into_iter().map(|(before, other, after)| ClockReading { before, other, after }).collect();
            let alignment = ClockAlignment::new(&readings, 1.0).unwrap();
            alignment.host(0);
            prop_assert!(alignment.error() >= 0.0);
        }
    }
}
