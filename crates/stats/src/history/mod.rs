//! One value for each commit: where it stepped, whether it drifts, and what the machine had to do with it.

mod analysis;
mod divisive;
mod locate;
mod potts;
mod ranks;
mod reference;
mod scan;
mod trend;

pub use analysis::{Analysis, Change, Drift, HistoryOptions, analyse};
pub use divisive::{DivisiveOptions, e_divisive};
pub use potts::potts;
pub use reference::{InvalidReference, SpeedRemoval, remove_machine_speed};
