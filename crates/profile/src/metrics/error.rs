//! What can go wrong.

/// Why metrics were not taken or not written. The collector goes on as before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// Nobody started the collector, or somebody stopped it.
    #[error("the collector is not running: call `start` before `collect`")]
    NotRunning,
    /// The metrics could not be written.
    #[error(
        "the metrics could not be written: {0}. What was collected is still there; export it elsewhere"
    )]
    Write(#[from] std::io::Error),
}
