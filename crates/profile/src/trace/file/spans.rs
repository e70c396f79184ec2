//! Spans by how they differ from what was to be expected.
//!
//! A section of spans begins with the thread and the number of spans. Each span is
//!
//! - its operation, times four, plus a code for its depth: 0 the same as that of the span before, 1 one more, 2 one less,
//!   3 any other, which then follows;
//! - its start, counted from where it was to be expected: with the codes 0 and 2, the end of the last span of that depth in
//!   this section; otherwise, and if there is none, the start of the span before;
//! - its duration.
//!
//! Before the first span of a section lies one of depth 0 that starts and ends at 0.

use super::bytes::{Bytes, put};
use crate::trace::Span;

const SAME: u64 = 0;
const DEEPER: u64 = 1;
const HIGHER: u64 = 2;
const OTHER: u64 = 3;

/// Depths of which the last end is remembered.
const REMEMBERED: usize = 1024;

/// What both sides know before a span.
pub(super) struct Context {
    start: u64,
    depth: u32,
    ends: Vec<u64>,
}

impl Context {
    pub fn new() -> Self {
        Self { start: 0, depth: 0, ends: vec![0] }
    }

    /// Where a span of this depth is to be expected.
    #[inline]
    fn expected(&self, code: u64, depth: u32) -> u64 {
        match code {
            SAME | HIGHER => self.ends.get(depth as usize).copied().unwrap_or(self.start),
            _ => self.start,
        }
    }

    #[inline]
    fn advance(&mut self, start: u64, end: u64, depth: u32) {
        (self.start, self.depth) = (start, depth);
        let depth = depth as usize;
        if let Some(last) = self.ends.get_mut(depth) {
            *last = end;
        } else if depth < REMEMBERED {
            // Depths that were left out have no span in this section, but one would start no earlier than this one.
            self.ends.resize(depth, start);
            self.ends.push(end);
        }
    }

    /// Appends a span; false if it begins before the one before it, and has to begin another section.
    #[inline]
    pub fn put(&mut self, bytes: &mut Vec<u8>, span: &Span) -> bool {
        if span.start < self.start {
            return false;
        }
        let mut code = match i64::from(span.depth) - i64::from(self.depth) {
            0 => SAME,
            1 => DEEPER,
            -1 => HIGHER,
            _ => OTHER,
        };
        if span.start < self.expected(code, span.depth) {
            code = OTHER;
        }
        put(bytes, u64::from(span.operation) << 2 | code);
        if code == OTHER {
            put(bytes, u64::from(span.depth));
        }
        put(bytes, span.start - self.expected(code, span.depth));
        put(bytes, span.duration);
        self.advance(span.start, span.start.saturating_add(span.duration), span.depth);
        true
    }

    /// Takes a span out; `None` if there is none.
    #[inline]
    pub fn take(&mut self, bytes: &mut Bytes, thread: u32) -> Option<Span> {
        let first = bytes.number()?;
        let operation = u32::try_from(first >> 2).ok()?;
        let code = first & 3;
        let depth = match code {
            SAME => self.depth,
            DEEPER => self.depth.checked_add(1)?,
            HIGHER => self.depth.checked_sub(1)?,
            _ => bytes.small()?,
        };
        let start = self.expected(code, depth).checked_add(bytes.number()?)?;
        let duration = bytes.number()?;
        let end = start.checked_add(duration)?;
        if start < self.start {
            return None;
        }
        self.advance(start, end, depth);
        Some(Span { operation, thread, start, duration, depth })
    }
}
