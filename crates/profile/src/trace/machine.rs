//! What a machine can do at best.

use serde::{Deserialize, Serialize};

/// What a machine, or the part of it that a program may use, can do at best.
///
/// A peak that is not known is 0; what it would bound is then bounded by nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Floating-point operations a second.
    pub flops: f64,
    /// Bytes a second to and from memory, for working sets up to so many bytes; beyond the largest, its rate holds.
    pub bandwidth: Vec<(f64, f64)>,
    /// Seconds that an operation takes which does nothing.
    pub overhead: f64,
    /// Bytes a second between devices.
    pub transfer: f64,
}
