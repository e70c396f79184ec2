//! How long some work takes a machine at best.

use super::Bound;
use crate::trace::{Machine, Work};

/// The seconds that each part of some work takes at the machine's peaks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ceilings {
    pub compute: f64,
    pub memory: f64,
    pub transfer: f64,
}

impl Machine {
    /// Bytes a second to and from memory for a working set of so many bytes; 0 if no level is known.
    pub fn bandwidth_for(&self, bytes: f64) -> f64 {
        let fitting = self.bandwidth.iter().filter(|level| level.0 >= bytes);
        fitting
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .or_else(|| self.bandwidth.iter().max_by(|a, b| a.0.total_cmp(&b.0)))
            .map_or(0.0, |level| level.1)
    }

    /// The least seconds that such work can take: its roofline.
    ///
    /// What is computed, read and moved at once may overlap, so it is the longest of these, not their sum.
    pub fn least_seconds(&self, work: &Work) -> f64 {
        self.ceilings(work).longest().0
    }

    pub(super) fn ceilings(&self, work: &Work) -> Ceilings {
        let seconds = |amount: f64, rate: f64| {
            if amount > 0.0 && rate > 0.0 { amount / rate } else { 0.0 }
        };
        Ceilings {
            compute: seconds(work.flops, self.flops),
            memory: seconds(work.bytes, self.bandwidth_for(work.bytes)),
            transfer: seconds(work.transferred, self.transfer),
        }
    }
}

impl Ceilings {
    /// The longest, and what it bounds the work by.
    pub fn longest(self) -> (f64, Bound) {
        let Self { compute, memory, transfer } = self;
        let mut longest = (compute, Bound::Compute);
        for other in [(memory, Bound::Memory), (transfer, Bound::Transfer)] {
            if other.0 > longest.0 {
                longest = other;
            }
        }
        if longest.0 > 0.0 { longest } else { (0.0, Bound::Unknown) }
    }
}
