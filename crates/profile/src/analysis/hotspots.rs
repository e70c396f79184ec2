//! Where the time of a run went, operation by operation.

use serde::{Deserialize, Serialize};

use super::Hotspot;
use super::hotspot::Gathered;
use crate::nesting::{Visitor, walk};
use crate::trace::{Span, Thread, Trace};

/// Where the time of a run went: its wall time, divided among operations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hotspots {
    /// What was recorded.
    pub name: String,
    /// How long the session was, in nanoseconds.
    pub wall: u64,
    /// A row for each operation that ran, those with most time of their own first.
    pub rows: Vec<Hotspot>,
    /// Nanoseconds of the wall in which no span of the main thread was open.
    ///
    /// The main thread is the one whose spans cover most of the wall. What the rows have on it
    /// ([`Hotspot::main`]) and this add up to the wall exactly.
    pub unattributed: u64,
    /// How much of the wall the spans of each thread cover; the main thread is first.
    pub threads: Vec<ThreadCover>,
    /// Spans that were recorded.
    pub spans: u64,
    /// Nanoseconds that recording took on the thread with most spans, as measured in the session.
    pub recording: f64,
    /// Spans that there was no room for; their time is in the spans around them, or unattributed.
    pub dropped: u64,
    /// Ends without a beginning, and beginnings without an end.
    pub unbalanced: u64,
    /// Spans left out because their operation or thread does not exist: the file is damaged.
    pub invalid: u64,
}

/// How much of the wall the spans of a thread cover.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadCover {
    /// Position in [`Trace::threads`].
    pub position: usize,
    /// The thread.
    pub thread: Thread,
    /// Its spans.
    pub spans: u64,
    /// Nanoseconds of the wall in which a span was open.
    pub covered: u64,
}

impl Hotspots {
    /// Nanoseconds of the main thread that are in spans.
    pub fn attributed(&self) -> u64 {
        self.wall - self.unattributed
    }

    /// The share of the wall that is in no span of the main thread: 0 to 1.
    pub fn unattributed_share(&self) -> f64 {
        if self.wall > 0 { self.unattributed as f64 / self.wall as f64 } else { 0.0 }
    }
}

/// Divides a run among its operations; where the trace knows its machine, says what bounds each and what could be won.
pub fn hotspots(trace: &Trace) -> Hotspots {
    let mut counts = vec![0usize; trace.operations.len()];
    for span in &trace.spans {
        if let Some(count) = counts.get_mut(span.operation as usize) {
            *count += 1;
        }
    }
    let mut gathering = Gathering {
        operations: counts
            .into_iter()
            .map(|count| Gathered { durations: Vec::with_capacity(count), ..Gathered::default() })
            .collect(),
        on_thread: vec![OnThread::default(); trace.operations.len()],
        touched: Vec::new(),
        covers: Vec::new(),
        most_covered: 0,
    };
    let invalid = walk(trace, &mut gathering);
    gathering.finish_thread();
    let Gathering { operations, mut covers, most_covered, .. } = gathering;

    let mut rows: Vec<Hotspot> = operations
        .into_iter()
        .zip(&trace.operations)
        .enumerate()
        .filter(|(_, (gathered, _))| !gathered.durations.is_empty())
        .map(|(position, (gathered, operation))| {
            gathered.hotspot(position, operation, trace.wall, trace.machine.as_ref())
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.self_time, row.total)));
    covers.sort_by_key(|cover| std::cmp::Reverse(cover.covered));
    let most_spans = covers.iter().map(|cover| cover.spans).max().unwrap_or(0);
    Hotspots {
        name: trace.name.clone(),
        wall: trace.wall,
        rows,
        unattributed: trace.wall - most_covered,
        threads: covers
            .into_iter()
            .map(|cover| ThreadCover {
                position: cover.thread as usize,
                thread: trace.threads[cover.thread as usize].clone(),
                spans: cover.spans,
                covered: cover.covered,
            })
            .collect(),
        spans: trace.spans.len() as u64,
        recording: trace.overhead.per_span * most_spans as f64,
        dropped: trace.overhead.dropped,
        unbalanced: trace.overhead.unbalanced,
        invalid,
    }
}

/// What an operation has on the thread that is being walked over.
#[derive(Clone, Copy, Default)]
struct OnThread {
    open: u32,
    self_time: u64,
    total: u64,
    outer: u64,
    calls: u64,
}

struct Cover {
    thread: u32,
    spans: u64,
    covered: u64,
}

struct Gathering {
    operations: Vec<Gathered>,
    on_thread: Vec<OnThread>,
    /// The operations that ran on the thread.
    touched: Vec<u32>,
    covers: Vec<Cover>,
    /// What the thread with most cover has so far.
    most_covered: u64,
}

impl Gathering {
    fn finish_thread(&mut self) {
        let Some(cover) = self.covers.last() else { return };
        let is_main = cover.covered > self.most_covered;
        if is_main {
            self.most_covered = cover.covered;
            for operation in &mut self.operations {
                operation.main = 0;
            }
        }
        for position in self.touched.drain(..) {
            let here = std::mem::take(&mut self.on_thread[position as usize]);
            let operation = &mut self.operations[position as usize];
            operation.self_time += here.self_time;
            operation.total = operation.total.saturating_add(here.total);
            operation.outer += here.outer;
            operation.longest_self = operation.longest_self.max(here.self_time);
            operation.longest_total = operation.longest_total.max((here.total, here.outer));
            if is_main {
                operation.main = here.self_time;
            }
        }
    }
}

impl Visitor for Gathering {
    fn thread(&mut self, thread: u32) {
        self.finish_thread();
        self.covers.push(Cover { thread, spans: 0, covered: 0 });
    }

    fn enter(&mut self, span: &Span) {
        let here = &mut self.on_thread[span.operation as usize];
        if here.calls == 0 {
            self.touched.push(span.operation);
        }
        here.calls += 1;
        if here.open == 0 {
            here.total = here.total.saturating_add(span.duration);
            here.outer += 1;
        }
        here.open += 1;
        self.operations[span.operation as usize].durations.push(span.duration);
        if let Some(cover) = self.covers.last_mut() {
            cover.spans += 1;
        }
    }

    fn leave(&mut self, span: &Span, _time: u64, self_time: u64) {
        let here = &mut self.on_thread[span.operation as usize];
        here.open -= 1;
        here.self_time += self_time;
        if let Some(cover) = self.covers.last_mut() {
            cover.covered += self_time;
        }
    }
}
