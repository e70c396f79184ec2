//! What memory is held, by whom, since when, and what could be saved.
//!
//! - [`MemoryTracker`]: is told of allocations, frees and transfers from any thread;
//! - [`MemoryReport`]: says what came of them: peaks, purposes, traffic, probable leaks;
//! - [`optimizations`]: what could be saved, computed from the events;
//! - [`pressure`]: how scarce memory is.
//!
//! ```
//! use tachy_profile::memory::MemoryTracker;
//!
//! let tracker = MemoryTracker::new();
//! // In a hot loop: an account of one device and one purpose, numbers for names.
//! let activations = tracker.account("cpu", "activations");
//! activations.allocated(1, 4096);
//! activations.allocated(2, 1024);
//! activations.freed(1);
//!
//! let report = tracker.report();
//! let cpu = report.device("cpu").unwrap();
//! assert_eq!((cpu.figures.current, cpu.figures.peak), (1024, 5120));
//! ```

mod account;
mod clock;
mod engine;
mod event;
mod fault;
mod figures;
mod fragmentation;
mod global;
mod held;
mod history;
mod lane;
mod leak;
mod ledger;
mod lifetimes;
mod live;
mod names;
mod optimizations;
pub mod pressure;
mod report;
mod timeline;
mod tracker;
mod view;

pub use account::Account;
pub use engine::{EngineFigures, EngineMemory, EngineReading, Occasion};
pub use event::{EventKind, MemoryEvent};
pub use fault::{Faults, MemoryFault};
pub use figures::Figures;
pub use fragmentation::Fragmentation;
pub use global::{listener, track_allocation, track_deallocation, track_transfer, tracker};
pub use held::Holding;
pub use leak::{LeakCandidate, LeakSign, LiveAllocation};
pub use optimizations::{Effort, Optimization, OptimizationKind, Priority, Saving, optimizations};
pub use report::{DeviceMemory, MemoryReport, PurposeMemory, Traffic};
pub use timeline::TimelinePoint;
pub use tracker::{MemoryTracker, TrackerOptions};
