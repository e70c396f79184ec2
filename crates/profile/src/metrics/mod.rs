//! How long operations take in production, and what the machine does meanwhile.
//!
//! ```
//! use std::time::Duration;
//! use tachy_profile::metrics::{ExportFormat, MetricsCollector, OperationContext};
//!
//! let collector = MetricsCollector::new();
//! collector.start();
//! let context = OperationContext {
//!     operation_name: "matmul".into(),
//!     batch_size: 32,
//!     precision: "f32".into(),
//!     ..OperationContext::default()
//! };
//! collector.collect("matmul", "cpu", Duration::from_micros(250), &[vec![512, 512]], context)?;
//!
//! let snapshot = collector.snapshot();
//! assert_eq!(snapshot.aggregates[0].count, 1);
//! let mut text = Vec::new();
//! collector.export(ExportFormat::Prometheus, &mut text)?;
//! # Ok::<(), tachy_profile::metrics::MetricsError>(())
//! ```

mod aggregate;
mod collector;
mod error;
mod export;
mod operation;
mod power;
mod snapshot;
mod system;

pub use aggregate::{Aggregate, Bucket};
pub use collector::{MetricsCollector, MetricsOptions};
pub use error::MetricsError;
pub use export::ExportFormat;
pub use operation::{OperationContext, OperationMetrics};
pub use snapshot::MetricsSnapshot;
pub use system::{Reading, SystemReading};
