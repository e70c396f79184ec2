//! Records of threads become a trace.

use std::cmp::Reverse;

use super::operations::Positions;
use super::recorder::{Decoded, decode};
use super::registry::{Harvest, Recorded};
use crate::clock::Calibration;
use crate::trace::{Overhead, Span, Trace};

/// When a session was, in ticks, and what a tick is.
pub(super) struct Times {
    pub started: u64,
    pub stopped: u64,
    pub calibration: Calibration,
}

impl Times {
    /// Nanoseconds from the session's start.
    fn nanoseconds(&self, ticks: u64) -> u64 {
        self.calibration.duration(ticks.clamp(self.started, self.stopped) - self.started)
    }
}

/// Fills a trace with what was recorded.
pub(super) fn assemble(trace: &mut Trace, harvest: Harvest, times: &Times) {
    let mut positions = Positions::new();
    trace.wall = times.nanoseconds(times.stopped);
    trace.spans.reserve_exact(harvest.threads.iter().map(|it| it.records.len()).sum());
    trace.overhead =
        Overhead { dropped: harvest.lost, unbalanced: harvest.unbalanced, ..trace.overhead };
    for recorded in harvest.threads {
        let Recorded { thread, records, remainder, died } = recorded;
        trace.overhead.dropped += remainder.dropped;
        trace.overhead.unbalanced += remainder.unbalanced + remainder.open.len() as u64;
        let number = trace.threads.len() as u32;
        trace.threads.push(thread);
        let end = died.unwrap_or(times.stopped);
        let open = remainder.open.iter().enumerate().map(|(depth, (operation, start))| Decoded {
            operation: *operation,
            depth: depth as u32,
            start: *start,
            end,
        });
        let mut all: Vec<Decoded> = records.into_iter().map(decode).chain(open).collect();
        all.retain(|it| it.start <= times.stopped && it.end >= times.started);
        nest(&mut all, |it, depth| {
            let start = times.nanoseconds(it.start);
            trace.spans.push(Span {
                operation: positions.of(it.operation),
                thread: number,
                start,
                // Not the duration in nanoseconds: both ends are rounded alike, so that what lies in a span still does.
                duration: times.nanoseconds(it.end) - start,
                depth,
            });
        });
    }
    trace.operations = positions.operations;
}

/// Brings the spans of a thread in order, and tells how deep each one lies.
///
/// Which lies in which follows from their times. Where these do not tell, as the clock is too coarse, the number of
/// spans does that were open around each; that alone would not do, as a span that is recorded when it is over was not
/// open.
fn nest(spans: &mut [Decoded], mut each: impl FnMut(&Decoded, u32)) {
    spans.sort_by_key(|it| (it.start, it.depth, it.start != it.end, Reverse(it.end)));
    let mut around: Vec<(u64, u32)> = Vec::new();
    for span in spans {
        while let Some(&(end, depth)) = around.last() {
            let deeper = span.depth > depth;
            let inside = if end > span.start {
                deeper || span.end <= end
            } else {
                end == span.start && deeper
            };
            if inside {
                // It can be longer only because the durations of long spans are rounded.
                span.end = span.end.min(end);
                break;
            }
            around.pop();
        }
        each(span, around.len() as u32);
        around.push((span.end, span.depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Depths of spans of (operation, spans open around it, start, end), by operation.
    fn depths(spans: &[(u32, u32, u64, u64)]) -> Vec<(u32, u32)> {
        let mut spans: Vec<Decoded> = spans
            .iter()
            .map(|&(operation, depth, start, end)| Decoded { operation, depth, start, end })
            .collect();
        let mut result = Vec::new();
        nest(&mut spans, |span, depth| result.push((span.operation, depth)));
        result
    }

    #[test]
    fn spans_nest_by_their_times() {
        assert_eq!(
            depths(&[(3, 2, 2, 3), (2, 1, 1, 4), (4, 1, 5, 6), (1, 0, 0, 9), (5, 0, 10, 11)]),
            [(1, 0), (2, 1), (3, 2), (4, 1), (5, 0)]
        );
    }

    #[test]
    fn a_span_recorded_afterwards_holds_those_within() {
        // Operation 1 is a step; operation 2 was open while it ran, when nothing knew of the step.
        assert_eq!(
            depths(&[(2, 0, 0, 3), (1, 0, 0, 5), (2, 0, 6, 9), (1, 0, 5, 9)]),
            [(1, 0), (2, 1), (1, 0), (2, 1)]
        );
    }

    #[test]
    fn spans_shorter_than_a_tick_are_told_apart_by_depth() {
        // Two one after the other; then one in another, all at the same tick.
        assert_eq!(depths(&[(1, 0, 5, 5), (2, 0, 5, 5)]), [(1, 0), (2, 0)]);
        assert_eq!(depths(&[(2, 1, 5, 5), (1, 0, 5, 5)]), [(1, 0), (2, 1)]);
        // Right before a span and right after it, or at its ends but inside.
        assert_eq!(depths(&[(1, 0, 5, 5), (2, 0, 5, 9), (3, 0, 9, 9)]), [(1, 0), (2, 0), (3, 0)]);
        assert_eq!(depths(&[(1, 1, 5, 5), (3, 1, 9, 9), (2, 0, 5, 9)]), [(2, 0), (1, 1), (3, 1)]);
    }
}
