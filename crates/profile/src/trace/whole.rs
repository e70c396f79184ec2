//! All that one session recorded.

use super::{Machine, Operation, Span, Thread};
use crate::memory::MemoryReport;
use crate::stacks::Stacks;

/// All that one session recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// What was recorded.
    pub name: String,
    /// When the session started: nanoseconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long the session was, in nanoseconds.
    pub wall: u64,
    /// The operations; spans name them by position.
    pub operations: Vec<Operation>,
    /// The threads; spans name them by position.
    pub threads: Vec<Thread>,
    /// The spans, by thread, then by start; a span stands before those that lie in it.
    pub spans: Vec<Span>,
    /// The peaks of the machine, where somebody measured them; rates are held against them.
    pub machine: Option<Machine>,
    /// Call stacks of the processor, each beginning with the spans that were open, if it was sampled meanwhile.
    pub stacks: Option<Stacks>,
    /// What the process's memory tracker and the engines told of memory, from the tracker's start on, if memory was tracked.
    pub memory: Option<MemoryReport>,
    /// What the record itself cost, and what it lacks.
    pub overhead: Overhead,
}

/// What the record itself cost, and what it lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overhead {
    /// Nanoseconds that a span takes for being recorded, measured in this session; 0 if it was not recorded by us.
    pub per_span: f64,
    /// Spans that there was no room for.
    pub dropped: u64,
    /// Ends without a beginning, and beginnings without an end that the session's end closed.
    pub unbalanced: u64,
    /// By how many nanoseconds the clocks of other devices may be off against the host's.
    pub clock_error: f64,
}
