//! The arena planner: lifetimes and sizes of buffers in, their offsets in one arena and its peak out.
//!
//! It knows no graph and no device. A [`Problem`] lists [`Buffer`]s, each alive over a half-open interval of
//! steps; views, pieces of a concatenation, in-place operators and persistent state are part of it. [`plan`] gives
//! every buffer an offset, and [`check`] verifies a plan from the problem alone.
//!
//! Pure and deterministic: nothing here reads a clock or a file, and the same problem with the same [`Limits`] gives
//! the same plan on every machine.
//!
//! ```
//! use tachy_plan::{Buffer, Limits, Problem, plan};
//!
//! # fn main() -> Result<(), tachy_plan::PlanError> {
//! // A chain of three operators, the last of which works in place.
//! let problem = Problem::new(vec![
//!     Buffer::new(0..2, 4096),
//!     Buffer::new(1..3, 1024),
//!     Buffer::new(2..4, 1024).in_place_of(1),
//! ]);
//! let plan = plan(&problem, &Limits::default())?;
//! assert_eq!((plan.peak, plan.lower_bound), (5120, 5120));
//! assert_eq!(plan.offsets[1], plan.offsets[2]);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod bound;
mod check;
pub mod csv;
mod error;
mod few;
mod first_fit;
mod groups;
mod improve;
mod item;
mod limits;
mod load_tree;
mod merge;
mod order;
mod pack;
mod plan;
mod problem;
mod random;
mod region_tree;
mod search;
mod skyline;
pub mod synthetic;

pub use check::{Violation, check};
pub use error::{PlanError, ProblemError};
pub use limits::Limits;
pub use plan::{Plan, plan};
pub use problem::{Buffer, DEFAULT_ALIGNMENT, Placement, Problem};
