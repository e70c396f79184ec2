//! How long each span was the innermost.

use crate::nesting::{Visitor, walk};
use crate::trace::{Span, Trace};

/// For each operation of the trace, the nanoseconds for which each of its spans was the innermost of its thread, in the
/// order in which they ended.
pub fn self_times(trace: &Trace) -> Vec<Vec<u64>> {
    let mut times = SelfTimes(vec![Vec::new(); trace.operations.len()]);
    walk(trace, &mut times);
    times.0
}

struct SelfTimes(Vec<Vec<u64>>);

impl Visitor for SelfTimes {
    fn thread(&mut self, _: u32) {}

    fn enter(&mut self, _: &Span) {}

    fn leave(&mut self, span: &Span, _: u64, self_time: u64) {
        self.0[span.operation as usize].push(self_time);
    }
}
