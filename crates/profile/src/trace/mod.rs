//! What was recorded in one session: operations, threads, spans.

mod file;
mod machine;
mod operation;
mod span;
mod statistics;
mod thread;
mod tree;
mod whole;

pub use file::TraceFileError;
pub use machine::Machine;
pub use operation::{Operation, Work};
pub use span::Span;
pub use statistics::OperationStatistics;
pub use thread::Thread;
pub use whole::{Overhead, Trace};
