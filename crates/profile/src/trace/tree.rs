//! Which span lies in which.

use std::ops::Range;

use super::{Span, Trace};

/// These need [`Trace::spans`] in the order that it documents.
impl Trace {
    /// Where the spans of a thread are in [`spans`](Self::spans).
    pub fn thread_spans(&self, thread: u32) -> Range<usize> {
        let start = self.spans.partition_point(|span| span.thread < thread);
        let count = self.spans[start..].partition_point(|span| span.thread == thread);
        start..start + count
    }

    /// The position of the span that a span lies in; `None` if it lies in none. Looks at the spans before it, one by
    /// one; [`parents`](Self::parents) tells it of all at once.
    pub fn parent_of(&self, span: usize) -> Option<usize> {
        let Span { thread, depth, .. } = *self.spans.get(span)?;
        (0..span)
            .rev()
            .take_while(|before| self.spans[*before].thread == thread)
            .find(|before| self.spans[*before].depth < depth)
    }

    /// For each span the position of the one that it lies in.
    pub fn parents(&self) -> Vec<Option<usize>> {
        let mut around: Vec<usize> = Vec::new();
        let mut parents = Vec::with_capacity(self.spans.len());
        for (index, span) in self.spans.iter().enumerate() {
            while around.last().is_some_and(|last| {
                let last = &self.spans[*last];
                last.thread != span.thread || last.depth >= span.depth
            }) {
                around.pop();
            }
            parents.push(around.last().copied());
            around.push(index);
        }
        parents
    }

    /// The positions of the spans that lie directly in a span, in the order in which they ran.
    pub fn children_of(&self, span: usize) -> impl Iterator<Item = usize> + '_ {
        let thread_and_depth = self.spans.get(span).map(|span| (span.thread, span.depth));
        // Depths need not go down one by one in a trace that somebody else recorded.
        let mut least = u32::MAX;
        (span.saturating_add(1)..self.spans.len())
            .take_while(move |index| {
                let inner = &self.spans[*index];
                thread_and_depth
                    .is_some_and(|(thread, depth)| inner.thread == thread && inner.depth > depth)
            })
            .filter(move |index| {
                let direct = self.spans[*index].depth <= least;
                least = least.min(self.spans[*index].depth);
                direct
            })
    }

    /// The positions of a thread's spans that lie in no other, in the order in which they ran.
    pub fn roots(&self, thread: u32) -> impl Iterator<Item = usize> + '_ {
        let mut least = u32::MAX;
        self.thread_spans(thread).filter(move |index| {
            let root = self.spans[*index].depth <= least;
            least = least.min(self.spans[*index].depth);
            root
        })
    }

    /// Brings the spans in order, and sets their depths from their times: for spans that come from elsewhere. Of two
    /// spans with the same times the one of less depth stays around the other.
    pub fn arrange(&mut self) {
        self.spans
            .sort_by_key(|span| (span.thread, span.start, u64::MAX - span.duration, span.depth));
        let mut around: Vec<(u32, u64)> = Vec::new();
        for span in &mut self.spans {
            let end = span.start.saturating_add(span.duration);
            while around.last().is_some_and(|(thread, last)| {
                *thread != span.thread || *last < end || (*last <= span.start && span.duration > 0)
            }) {
                around.pop();
            }
            span.depth = around.len() as u32;
            around.push((span.thread, end));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trace(spans: &[(u32, u64, u64)]) -> Trace {
        let spans = spans.iter().map(|&(thread, start, end)| Span {
            operation: 0,
            thread,
            start,
            duration: end - start,
            depth: 0,
        });
        let mut trace = Trace { spans: spans.collect(), ..Trace::default() };
        trace.arrange();
        trace
    }

    #[test]
    fn a_tree_has_parents_and_children() {
        let trace =
            trace(&[(1, 0, 9), (0, 6, 8), (0, 2, 3), (0, 1, 5), (0, 3, 5), (0, 0, 9), (0, 9, 12)]);
        let depths: Vec<u32> = trace.spans.iter().map(|span| span.depth).collect();
        assert_eq!(depths, [0, 1, 2, 2, 1, 0, 0]);
        assert_eq!(trace.thread_spans(0), 0..6);
        assert_eq!(trace.thread_spans(1), 6..7);
        assert_eq!(trace.thread_spans(2), 7..7);
        assert_eq!(trace.parents(), [None, Some(0), Some(1), Some(1), Some(0), None, None]);
        assert_eq!(trace.children_of(0).collect::<Vec<_>>(), [1, 4]);
        assert_eq!(trace.children_of(1).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(trace.children_of(6).count(), 0);
        assert_eq!(trace.children_of(99).count(), 0);
        assert_eq!(trace.roots(0).collect::<Vec<_>>(), [0, 5]);
        assert_eq!(trace.roots(1).collect::<Vec<_>>(), [6]);
    }

    proptest! {
        #[test]
        fn parents_and_children_agree(
            spans in prop::collection::vec((0u32..3, 0u64..60, 0u64..30), 0..80),
        ) {
            let spans: Vec<_> =
                spans.into_iter().map(|(thread, start, duration)| (thread, start, start + duration)).collect();
            let trace = trace(&spans);
            let parents = trace.parents();
            for (index, parent) in parents.iter().enumerate() {
                prop_assert_eq!(trace.parent_of(index), *parent);
                let of_parents: Vec<usize> =
                    (0..parents.len()).filter(|child| parents[*child] == Some(index)).collect();
                prop_assert_eq!(trace.children_of(index).collect::<Vec<_>>(), of_parents);
                if let Some(parent) = parent {
                    let (outer, inner) = (trace.spans[*parent], trace.spans[index]);
                    prop_assert!(outer.start <= inner.start && inner.end() <= outer.end());
                }
            }
            let roots: Vec<usize> = (0..3).flat_map(|thread| trace.roots(thread).collect::<Vec<_>>()).collect();
            let without: Vec<usize> = (0..parents.len()).filter(|index| parents[*index].is_none()).collect();
            prop_assert_eq!(roots, without);
        }
    }
}
