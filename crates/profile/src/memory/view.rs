//! The books, open for reading.

use crate::clock::Calibration;

use super::ledger::Ledger;
use super::names::Names;

/// The books at one time, and what is needed to put them into words.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub ledger: &'a Ledger,
    pub names: &'a Names,
    pub time: Calibration,
    /// Ticks since the tracker was made.
    pub now: u64,
}

impl View<'_> {
    pub(super) fn nanoseconds(&self, ticks: u64) -> u64 {
        self.time.duration(ticks)
    }
}
