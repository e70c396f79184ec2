//! Which span is the innermost at every moment of a thread.

use crate::trace::{Span, Trace};

/// Is told what happens on the threads of a trace, one after the other.
pub(crate) trait Visitor {
    /// What follows is of this thread.
    fn thread(&mut self, thread: u32);
    /// A span begins, inside those that have begun and not ended.
    fn enter(&mut self, span: &Span);
    /// The span that was entered last and has not ended was the innermost from one time to the other.
    fn own(&mut self, _from: u64, _to: u64) {}
    /// The span that was entered last ends, at this time; it was the innermost for so many nanoseconds.
    fn leave(&mut self, span: &Span, time: u64, self_time: u64);
}

/// Walks over the spans and returns how many were left out, because their operation or thread does not exist.
///
/// Every moment of a thread belongs to one span at most, so the times of their own add up to what they cover,
/// even where spans overlap without lying in one another. What lies beyond the session's end is cut off.
pub(crate) fn walk(trace: &Trace, visitor: &mut impl Visitor) -> u64 {
    let known = |span: &&Span| {
        (span.operation as usize) < trace.operations.len()
            && (span.thread as usize) < trace.threads.len()
    };
    let in_order = trace.spans.is_sorted_by_key(|span| (span.thread, span.start));
    let mut walk = Walk { wall: trace.wall, thread: None, open: Vec::new(), cursor: 0, visitor };
    let mut walked = 0;
    if in_order {
        for span in trace.spans.iter().filter(known) {
            walk.begin(span);
            walked += 1;
        }
    } else {
        let mut sorted: Vec<&Span> = trace.spans.iter().filter(known).collect();
        sorted.sort_by_key(|span| (span.thread, span.start, u64::MAX - span.duration, span.depth));
        for span in sorted {
            walk.begin(span);
            walked += 1;
        }
    }
    walk.close(u64::MAX);
    trace.spans.len() as u64 - walked
}

struct Open<'t> {
    span: &'t Span,
    end: u64,
    self_time: u64,
}

struct Walk<'t, 'v, V> {
    wall: u64,
    thread: Option<u32>,
    open: Vec<Open<'t>>,
    /// Up to here the thread's time has been given to spans.
    cursor: u64,
    visitor: &'v mut V,
}

impl<'t, V: Visitor> Walk<'t, '_, V> {
    fn begin(&mut self, span: &'t Span) {
        if self.thread != Some(span.thread) {
            self.close(u64::MAX);
            self.thread = Some(span.thread);
            self.cursor = 0;
            self.visitor.thread(span.thread);
        }
        let start = span.start.min(self.wall);
        let end = span.start.saturating_add(span.duration).min(self.wall);
        // A span too short for the clock, at the very end of the one it lies in, still lies in it.
        let ends_with =
            |last: &Open| end == start && last.end == start && span.depth > last.span.depth;
        while self.open.last().is_some_and(|last| last.end <= start && !ends_with(last)) {
            self.end_last();
        }
        if let Some(last) = self.open.last_mut()
            && start > self.cursor
        {
            last.self_time += start - self.cursor;
            self.visitor.own(self.cursor, start);
        }
        self.cursor = start;
        self.open.push(Open { span, end, self_time: 0 });
        self.visitor.enter(span);
    }

    /// Ends the spans that end by then.
    fn close(&mut self, time: u64) {
        while self.open.last().is_some_and(|last| last.end <= time) {
            self.end_last();
        }
    }

    fn end_last(&mut self) {
        if let Some(mut last) = self.open.pop() {
            // One that lay in it may have ended after it.
            if last.end > self.cursor {
                last.self_time += last.end - self.cursor;
                self.visitor.own(self.cursor, last.end);
                self.cursor = last.end;
            }
            self.visitor.leave(last.span, self.cursor, last.self_time);
        }
    }
}
