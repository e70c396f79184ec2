//! Two commands, run in pairs as child processes and judged.
//!
//! - [`run`] makes a duel of two [`Program`]s as [`Options`] say.
//! - [`Announcement`] is what it can find, said before the first pair that counts.
//! - [`Record`] is what it leaves behind: every process in run order, the lots, the machine, the verdicts.
//!
//! The unit of replication is the process. Which of the two runs first in a pair is drawn by lot, and so is the size
//! of the environment block, which moves the stack and with it what a program costs (Mytkowicz, Diwan, Hauswirth and
//! Sweeney, *Producing Wrong Data Without Doing Anything Obviously Wrong!*, ASPLOS 2009). Among the pairs there are
//! some of the reference against itself, a control in which nothing may be found.

mod announcement;
mod counters;
mod error;
mod options;
mod program;
mod record;
mod session;
mod usage;

pub use announcement::Announcement;
pub use error::DuelError;
pub use options::Options;
pub use program::Program;
pub(crate) use program::shell;
pub use record::{FORMAT, Part, Record, RecordedPair, Side, Verdict};
pub use session::{Event, run};
pub use usage::Usage;
