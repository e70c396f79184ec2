//! What a trace says: where the time went, what bounds it, and what could be won.
//!
//! - [`hotspots`]: a row for each operation, with its share of the run, its rates and what bounds it
//! - [`bottlenecks`]: the same in sentences, by what is to be gained
//! - [`functions`]: where the processor was found, of call stacks that were sampled
//! - [`CallTree`]: the calls, merged by the path that led to them
//! - [`self_times`]: how long each span was the innermost

mod bottleneck;
mod bound;
mod call_tree;
mod ceilings;
mod functions;
mod hotspot;
mod hotspots;
mod self_times;
mod table;

pub use bottleneck::{Bottleneck, Cause, bottlenecks};
pub use bound::Bound;
pub use call_tree::{CallTree, Node};
pub use functions::{FunctionRow, Functions, functions};
pub use hotspot::Hotspot;
pub use hotspots::{Hotspots, ThreadCover, hotspots};
pub use self_times::self_times;
