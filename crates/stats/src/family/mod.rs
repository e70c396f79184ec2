//! Many benchmarks judged together: which findings to report, which to confirm, whether to trust the run.

mod balance;
mod confirm;
mod control;
mod false_discovery;
mod stages;

pub use balance::{Balance, Lopsided};
pub use confirm::confirm;
pub use control::{Control, under_control};
pub use false_discovery::{benjamini_hochberg, e_benjamini_hochberg};
pub use stages::{Stages, judge_family};
