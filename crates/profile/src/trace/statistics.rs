//! How often each operation ran, and how long.

use std::mem::take;

use super::{Span, Trace};
use crate::nesting::{Visitor, walk};

/// How often one operation ran, and how long. Times are in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationStatistics {
    /// Position in [`Trace::operations`].
    pub operation: u32,
    /// How many spans it has.
    pub count: u64,
    /// The sum of their durations. Where it lies in itself, time counts more than once.
    pub total: u64,
    /// What remains without the spans that lie in them.
    pub self_time: u64,
    /// The shortest duration.
    pub min: u64,
    /// The longest duration.
    pub max: u64,
    /// The median: half of the spans, at least, took no longer.
    pub p50: u64,
    /// The 90th percentile, where there are ten spans or more to tell it from.
    pub p90: Option<u64>,
    /// The 99th percentile, where there are a hundred spans or more to tell it from.
    pub p99: Option<u64>,
}

impl OperationStatistics {
    /// The mean duration; 0 if there are no spans.
    pub fn average(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.total as f64 / self.count as f64 }
    }
}

impl Trace {
    /// The statistics of each operation, in the order of [`operations`](Self::operations). Spans whose operation or
    /// thread does not exist are left out.
    pub fn statistics(&self) -> Vec<OperationStatistics> {
        let mut statistics: Vec<OperationStatistics> = (0..self.operations.len())
            .map(|operation| OperationStatistics {
                operation: operation as u32,
                min: u64::MAX,
                ..OperationStatistics::default()
            })
            .collect();
        let known = |span: &&Span| {
            (span.operation as usize) < self.operations.len()
                && (span.thread as usize) < self.threads.len()
        };
        for span in self.spans.iter().filter(known) {
            let it = &mut statistics[span.operation as usize];
            it.count += 1;
            it.total = it.total.saturating_add(span.duration);
            it.min = it.min.min(span.duration);
            it.max = it.max.max(span.duration);
        }
        walk(self, &mut SelfTimes(&mut statistics));

        // All durations, operation by operation.
        let mut durations = vec![0; statistics.iter().map(|it| it.count as usize).sum()];
        let mut rest = durations.as_mut_slice();
        let mut places: Vec<(&mut [u64], usize)> = statistics
            .iter()
            .map(|it| {
                let (own, others) = take(&mut rest).split_at_mut(it.count as usize);
                rest = others;
                (own, 0)
            })
            .collect();
        for span in self.spans.iter().filter(known) {
            let (own, filled) = &mut places[span.operation as usize];
            own[*filled] = span.duration;
            *filled += 1;
        }
        for (it, (own, _)) in statistics.iter_mut().zip(places) {
            if own.is_empty() {
                it.min = 0;
                continue;
            }
            it.p99 = (own.len() >= 100).then(|| percentile(own, 99));
            it.p90 = (own.len() >= 10).then(|| percentile(own, 90));
            it.p50 = percentile(own, 50);
        }
        statistics
    }

    /// Nanoseconds of the session in which the main thread, the first one, was in no span.
    pub fn unattributed(&self) -> u64 {
        let mut covered = 0;
        let mut end = 0;
        let mut main: Vec<&Span> = self.spans.iter().filter(|span| span.thread == 0).collect();
        main.sort_by_key(|span| span.start);
        for span in main {
            let stop = span.start.saturating_add(span.duration).min(self.wall);
            covered += stop.saturating_sub(span.start.max(end));
            end = end.max(stop);
        }
        self.wall - covered
    }
}

/// The least value that so many per cent of all do not exceed (the nearest rank).
fn percentile(values: &mut [u64], percent: usize) -> u64 {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    *values.select_nth_unstable(rank - 1).1
}

struct SelfTimes<'s>(&'s mut [OperationStatistics]);

impl Visitor for SelfTimes<'_> {
    fn thread(&mut self, _thread: u32) {}

    fn enter(&mut self, _span: &Span) {}

    fn leave(&mut self, span: &Span, _time: u64, self_time: u64) {
        let it = &mut self.0[span.operation as usize];
        it.self_time = it.self_time.saturating_add(self_time);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trace::{Operation, Thread};

    fn trace(spans: Vec<Span>) -> Trace {
        let operations = ["a", "b", "c"].map(Operation::new).to_vec();
        let threads =
            vec![Thread { name: "main".into(), id: 1 }, Thread { name: "2".into(), id: 2 }];
        let wall = 1_000;
        Trace { wall, operations, threads, spans, ..Trace::default() }
    }

    fn span(thread: u32, operation: u32, start: u64, duration: u64, depth: u32) -> Span {
        Span { operation, thread, start, duration, depth }
    }

    #[test]
    fn times_are_summed_and_split() {
        let trace = trace(vec![
            span(0, 0, 100, 300, 0),
            span(0, 1, 150, 50, 1),
            span(0, 1, 200, 70, 1),
            span(0, 0, 500, 100, 0),
            span(1, 0, 0, 1_000, 0),
        ]);
        let statistics = trace.statistics();
        let a = statistics[0];
        assert_eq!((a.count, a.total, a.self_time, a.min, a.max), (3, 1_400, 1_280, 100, 1_000));
        assert_eq!((a.p50, a.p90, a.p99), (300, None, None));
        let b = statistics[1];
        assert_eq!((b.count, b.total, b.self_time, b.p50, b.average()), (2, 120, 120, 50, 60.0));
        assert_eq!(statistics[2], OperationStatistics { operation: 2, ..Default::default() });
        assert_eq!(trace.unattributed(), 600);
    }

    #[test]
    fn a_trace_of_nothing_is_all_unattributed() {
        assert_eq!(trace(Vec::new()).unattributed(), 1_000);
        assert_eq!(Trace::default().unattributed(), 0);
        assert_eq!(Trace::default().statistics(), []);
    }

    proptest! {
        /// Whatever spans there are, well nested or not: the totals of one thread add up, and percentiles are those of
        /// the sorted durations.
        #[test]
        fn any_spans_have_statistics(
            spans in prop::collection::vec((0u32..2, 0u32..4, 0u64..2_000, 0u64..500, 0u32..3), 0..300),
            sorted in any::<bool>(),
        ) {
            let mut spans: Vec<Span> =
                spans.into_iter().map(|(t, o, start, duration, depth)| span(t, o, start, duration, depth)).collect();
            if sorted {
                spans.sort_by_key(|span| (span.thread, span.start, u64::MAX - span.duration));
            }
            let trace = trace(spans);
            let statistics = trace.statistics();
            for it in &statistics {
                let mut durations: Vec<u64> = trace
                    .spans
                    .iter()
                    .filter(|span| span.operation == it.operation)
                    .map(|span| span.duration)
                    .collect();
                durations.sort_unstable();
                prop_assert_eq!(it.count, durations.len() as u64);
                prop_assert_eq!(it.total, durations.iter().sum::<u64>());
                prop_assert_eq!(it.min, durations.first().copied().unwrap_or(0));
                prop_assert_eq!(it.max, durations.last().copied().unwrap_or(0));
                prop_assert_eq!(it.p90.is_some(), durations.len() >= 10);
                if let Some(p99) = it.p99 {
                    let below = durations.iter().filter(|duration| **duration <= p99).count();
                    prop_assert!(below * 100 >= durations.len() * 99);
                }
                let below = durations.iter().filter(|duration| **duration < it.p50).count();
                prop_assert!(durations.is_empty() || below * 2 < durations.len());
            }
            prop_assert!(statistics.iter().map(|it| it.self_time).sum::<u64>() <= 2 * trace.wall);
            // Moments of the main thread that no span covers, one by one.
            let free = (0..trace.wall)
                .filter(|moment| {
                    !trace
                        .spans
                        .iter()
                        .any(|span| span.thread == 0 && (span.start..span.end()).contains(moment))
                })
                .count();
            prop_assert_eq!(trace.unattributed(), free as u64);
        }
    }
}
