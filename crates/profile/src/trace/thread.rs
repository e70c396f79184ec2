//! Where spans ran.

use serde::{Deserialize, Serialize};

/// A thread of the program, or a queue of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The thread's name, or a number where it has none.
    pub name: String,
    /// The system's number for it; 0 if there is none.
    pub id: u64,
}
