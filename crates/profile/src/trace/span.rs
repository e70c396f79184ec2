//! One execution of an operation.

/// One execution of an operation on one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Position in [`Trace::operations`](super::Trace::operations).
    pub operation: u32,
    /// Position in [`Trace::threads`](super::Trace::threads).
    pub thread: u32,
    /// Nanoseconds from the session's start.
    pub start: u64,
    /// Nanoseconds.
    pub duration: u64,
    /// How many spans of the same thread it lies in.
    pub depth: u32,
}

impl Span {
    /// The end, in nanoseconds from the session's start.
    pub fn end(&self) -> u64 {
        self.start + self.duration
    }
}
