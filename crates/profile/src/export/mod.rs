//! Files that other programs open.
//!
//! | function | what opens it |
//! |---|---|
//! | [`call_tree`] | people: text |
//! | [`folded`] | anything that reads folded stacks: `inferno`, `flamegraph.pl`, speedscope |
//! | `flame_graph` (feature `flamegraph`) | a browser: SVG |
//! | [`chrome`] | Perfetto's page and `chrome://tracing`: trace events in JSON |
//! | `perfetto` (feature `perfetto`) | Perfetto's page and trace processor: its own protobuf |
//! | `firefox`, `firefox_stacks` (feature `firefox`) | the Firefox Profiler |
//! | `pprof` (feature `pprof`) | `pprof` and what reads its files |
//! | [`json`] | programs of one's own |
//!
//! Each writes as it goes, and returns what the writer says: a full disk is an error, and the trace is still there.

mod call_tree;
mod chrome;
#[cfg(feature = "firefox")]
mod firefox;
#[cfg(feature = "flamegraph")]
mod flame_graph;
mod folded;
mod json;
#[cfg(feature = "perfetto")]
mod perfetto;
#[cfg(feature = "pprof")]
mod pprof;

pub use call_tree::call_tree;
pub use chrome::chrome;
#[cfg(feature = "firefox")]
pub use firefox::{firefox, firefox_stacks};
#[cfg(feature = "flamegraph")]
pub use flame_graph::flame_graph;
pub use folded::folded;
pub use json::json;
#[cfg(feature = "perfetto")]
pub use perfetto::perfetto;
#[cfg(feature = "pprof")]
pub use pprof::pprof;
