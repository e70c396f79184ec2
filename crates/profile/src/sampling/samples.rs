//! What was sampled.

use std::collections::BTreeMap;

/// What was sampled: call stacks as addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// When it began: nanoseconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long it was, in nanoseconds.
    pub wall: u64,
    /// Nanoseconds of work from one sample to the next, as asked for.
    pub period: u64,
    /// Samples that there was no room for.
    pub dropped: u64,
    /// The names of threads that still lived at the end, by the system's number.
    pub threads: BTreeMap<u64, String>,
    /// The samples, as they came.
    pub samples: Vec<Sample>,
}

/// The stack of a thread at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// The system's number for the thread.
    pub thread: u64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub time: u64,
    /// Addresses in this process, innermost first: where it was, then where calls return to.
    pub addresses: Vec<usize>,
}
