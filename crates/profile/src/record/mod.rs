//! Recording: sessions, and the spans of threads in them.
//!
//! A thread writes its spans to a ring of its own and waits for nobody; what there is no room for is dropped and
//! counted. A span costs two readings of the processor's clock and a few nanoseconds more. While no session records it
//! costs a load and a branch, and nothing at all with the feature `off`.
//!
//! ```
//! use tachy_profile::{record::Session, span};
//!
//! let session = Session::start("example")?;
//! for _ in 0..3 {
//!     let _span = span!("outer");
//!     let _inner = span!("inner", "Sum");
//! }
//! let trace = session.stop();
//! # #[cfg(not(feature = "off"))]
//! assert_eq!(trace.spans.len(), 6);
//! # Ok::<(), tachy_profile::record::SessionError>(())
//! ```

mod assemble;
mod environment;
#[cfg(feature = "tracing")]
mod layer;
mod operations;
mod pool;
mod recorder;
mod registry;
mod ring;
mod scope;
mod session;
mod sync;

pub use environment::{FromEnvironment, SAMPLES_VARIABLE, VARIABLE, from_environment};
#[cfg(feature = "tracing")]
pub use layer::SpanLayer;
pub use operations::{OperationId, Site};
pub use scope::{
    Scope, SpanMetrics, end_operation, is_recording, prepare_thread, profile_operation,
    record_completed, span, start_operation,
};
pub use session::{Options, Session, SessionError};

/// The hand-over among threads, for the model that tries every order of events.
#[cfg(loom)]
pub mod model {
    pub use super::pool::{BLOCK, Block, Pool};
    pub use super::ring::{Record, Ring};
}
