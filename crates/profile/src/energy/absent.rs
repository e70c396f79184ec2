//! Why there is no figure of energy.

use thiserror::Error;

/// Why a counter cannot be read, and what would bring it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason} {remedy}")]
pub struct EnergyAbsent {
    /// Why not, as a sentence.
    pub reason: String,
    /// What would bring it, as a sentence.
    pub remedy: String,
}

impl EnergyAbsent {
    /// A reason and a remedy, each a sentence.
    pub fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: remedy.into() }
    }
}
