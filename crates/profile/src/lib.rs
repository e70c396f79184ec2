//! Where the time and the memory of a program go.
//!
//! - [`record`]: sessions, and spans at a cost of nanoseconds;
//! - [`clock`]: ticks, nanoseconds, and the clocks of other devices;
//! - [`memory`]: what memory is held, by whom, since when;
//! - [`energy`]: joules, from the counters of processors and GPUs;
//! - [`metrics`]: how long operations take in production, and what the machine does meanwhile;
//! - [`trace`]: what was recorded: spans of operations on threads, ready to be looked at.
//! - [`analysis`]: hotspots, what bounds them, bottlenecks in sentences, and the call tree.
//! - [`stacks`]: call stacks with weights, of spans and of whatever else is counted by call path.
//! - [`export`]: the files that other programs open.
//! - `sampling` (feature `sampling`): the call stacks on which the processor is found at regular times.
//! - `heap` (feature `heap`): where memory is allocated, and which of it is never freed.

pub mod analysis;
pub mod clock;
pub mod energy;
pub mod export;
#[cfg(feature = "heap")]
pub mod heap;
pub mod memory;
pub mod metrics;
pub mod record;
#[cfg(feature = "sampling")]
pub mod sampling;
pub mod stacks;
pub mod trace;

mod nesting;
#[cfg(any(feature = "heap", feature = "sampling"))]
mod symbols;
mod words;

/// The user's page, whose examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/memory-and-metrics.md")]
struct MemoryAndMetrics;

/// The user's page about spans, whose examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/profiling.md")]
struct Profiling;
