//! Where memory is allocated, and which of it is never freed.
//!
//! A program that wants to know puts [`HeapSites`] in front of its allocator, and records as long as it likes:
//!
//! ```
//! use tachy_profile::heap::{self, HeapSites};
//!
//! #[global_allocator]
//! static ALLOCATOR: HeapSites = HeapSites::system();
//!
//! heap::start(1);
//! let kept = vec![0u8; 1000];
//! let report = heap::stop();
//! assert!(report.live_bytes >= 1000);
//! println!("{report}");
//! # drop(kept);
//! ```
//!
//! While nothing is recorded, an allocation costs one load and a comparison more.

mod allocator;
mod frames;
mod record;
mod report;

pub use allocator::HeapSites;
pub use record::{start, stop};
pub use report::{HeapReport, Site};
