//! What keeps an operation from being faster.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::trace::{Machine, Work};

/// What keeps an operation from being faster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// Arithmetic: its operations take longer at the machine's peak than its bytes.
    Compute,
    /// Memory: its bytes take longer at the peak bandwidth than its operations.
    Memory,
    /// Being called at all takes longer than its work would.
    Overhead,
    /// Moving bytes between devices.
    Transfer,
    /// Nothing is known of its work or of the machine, or the work explains almost nothing of the time.
    #[default]
    Unknown,
}

/// Work and calls that explain less than this share of a time do not bound it: something else took the time.
const EXPLAINED: f64 = 0.005;

/// An operation without known work that takes no longer than so many empty ones is taken for one.
const ALMOST_EMPTY: f64 = 4.0;

impl Bound {
    /// What bounds an operation that typically takes so many seconds.
    ///
    /// It is what takes longest at the machine's peaks: the arithmetic, the bytes, the transfer, or the call itself.
    pub fn of(machine: &Machine, work: Option<&Work>, typical: f64) -> Self {
        let (least, bound) =
            work.map_or((0.0, Self::Unknown), |work| machine.ceilings(work).longest());
        if least == 0.0 {
            let empty = machine.overhead > 0.0 && typical <= ALMOST_EMPTY * machine.overhead;
            return if empty { Self::Overhead } else { Self::Unknown };
        }
        if least.max(machine.overhead) < EXPLAINED * typical {
            Self::Unknown
        } else if least < machine.overhead {
            Self::Overhead
        } else {
            bound
        }
    }

    /// The word for it: `compute`, `memory`, `overhead`, `transfer` or `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Memory => "memory",
            Self::Overhead => "overhead",
            Self::Transfer => "transfer",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
