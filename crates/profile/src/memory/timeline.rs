//! How much was held over time, in few points that miss no peak.

use serde::{Deserialize, Serialize};

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelinePoint {
    /// Its begin, in nanoseconds since the tracker was made. It ends where the next begins.
    pub at: u64,
    /// The least bytes held meanwhile.
    pub min: u64,
    /// The most bytes held meanwhile, however briefly.
    pub max: u64,
    /// Bytes held at its end.
    pub last: u64,
}

/// The narrowest stretch, in ticks.
const NARROWEST: u32 = 10;

/// Stretches of equal width, which doubles whenever there would be too many of them.
#[derive(Debug)]
pub(super) struct Timeline {
    stretches: Vec<Stretch>,
    most: usize,
    /// A stretch is `1 << width` ticks wide.
    width: u32,
}

#[derive(Clone, Copy, Debug)]
struct Stretch {
    min: u64,
    max: u64,
    last: u64,
}

impl Stretch {
    fn still(value: u64) -> Self {
        Self { min: value, max: value, last: value }
    }
}

impl Timeline {
    /// Of at most so many points; two at least.
    pub(super) fn new(most: usize) -> Self {
        Self { stretches: Vec::new(), most: most.max(2), width: NARROWEST }
    }

    /// From `ticks` on, `value` is held.
    #[inline]
    pub(super) fn record(&mut self, ticks: u64, value: u64) {
        let position = ticks >> self.width;
        // Events of several threads may be out of order by a hair: such a one belongs to the latest stretch.
        if position >= self.stretches.len() as u64 {
            self.extend(ticks);
        }
        if let Some(stretch) = self.stretches.last_mut() {
            stretch.min = stretch.min.min(value);
            stretch.max = stretch.max.max(value);
            stretch.last = value;
        }
    }

    #[cold]
    fn extend(&mut self, ticks: u64) {
        while ticks >> self.width >= self.most as u64 {
            self.width += 1;
            let halved = self.stretches.chunks(2).map(|pair| {
                pair.iter().copied().reduce(|a, b| Stretch {
                    min: a.min.min(b.min),
                    max: a.max.max(b.max),
                    last: b.last,
                })
            });
            self.stretches = halved.flatten().collect();
        }
        let held = self.stretches.last().map_or(0, |stretch| stretch.last);
        self.stretches.resize((ticks >> self.width) as usize + 1, Stretch::still(held));
    }

    /// The points until now, and the time at which each begins in ticks.
    pub(super) fn points(&self) -> impl Iterator<Item = TimelinePoint> {
        self.stretches.iter().enumerate().map(|(position, stretch)| TimelinePoint {
            at: (position as u64) << self.width,
            min: stretch.min,
            max: stretch.max,
            last: stretch.last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn misses_no_peak(steps in proptest::collection::vec((0_u64..1 << 20, 0_u64..1000), 1..300), most in 2_usize..40) {
            let mut timeline = Timeline::new(most);
            let (mut at, mut events) = (0, Vec::new());
            for (wait, value) in steps {
                at += wait;
                timeline.record(at, value);
                events.push((at, value));
            }
            let points: Vec<_> = timeline.points().collect();
            prop_assert!(points.len() <= most);
            for (position, point) in points.iter().enumerate() {
                let end = points.get(position + 1).map_or(u64::MAX, |next| next.at);
                let before = events.iter().rev().find(|(at, _)| *at < point.at).map_or(0, |(_, value)| *value);
                let within = events.iter().filter(|(at, _)| (point.at..end).contains(at)).map(|(_, value)| *value);
                let held: Vec<u64> = std::iter::once(before).chain(within).collect();
                prop_assert_eq!(point.max, *held.iter().max().unwrap());
                prop_assert_eq!(point.min, *held.iter().min().unwrap());
                prop_assert_eq!(point.last, *held.last().unwrap());
            }
        }
    }
}
