//! What was told to the tracker and cannot be.

use serde::{Deserialize, Serialize};

/// Why an event was not believed. The tracker's figures stay as if it had not been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryFault {
    /// It is live on this device already. The first allocation stands.
    #[error("this id is allocated on this device already: free it first, or use another id")]
    AllocatedTwice,
    /// It was freed a short while ago and not allocated since.
    #[error("this id was freed on this device already")]
    FreedTwice,
    /// Nobody told of its allocation, or the tracker was off then.
    #[error("no allocation of this id on this device is known: track it before, with tracking on")]
    UnknownId,
    /// An allocation or a transfer of nothing. The allocation itself is remembered, so that its end is none of a
    /// stranger.
    #[error("an allocation or transfer of 0 bytes is probably a mistake")]
    ZeroBytes,
    /// The sum of all bytes would no longer fit into 64 bits.
    #[error("the sum of all bytes would exceed 64 bits: this size cannot be right")]
    Overflow,
    /// There are 65,535 devices, or four billion accounts, already.
    #[error("there are too many different devices or accounts: use fewer names")]
    TooManyNames,
}

/// How often each fault happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    /// Ids allocated while live.
    pub allocated_twice: u64,
    /// Ids freed again.
    pub freed_twice: u64,
    /// Ids freed or transferred that nobody allocated.
    pub unknown_id: u64,
    /// Allocations and transfers of nothing.
    pub zero_bytes: u64,
    /// Sizes beyond what can be summed.
    pub overflow: u64,
    /// Names beyond what can be told apart.
    pub too_many_names: u64,
}

impl Faults {
    /// All faults together.
    pub fn total(&self) -> u64 {
        self.named().iter().map(|(_, count)| count).sum()
    }

    /// Each count with its name in words.
    pub fn named(&self) -> [(&'static str, u64); 6] {
        [
            ("allocated twice", self.allocated_twice),
            ("freed twice", self.freed_twice),
            ("unknown id", self.unknown_id),
            ("zero bytes", self.zero_bytes),
            ("overflow", self.overflow),
            ("too many names", self.too_many_names),
        ]
    }

    pub(super) fn count(&mut self, fault: MemoryFault) {
        *match fault {
            MemoryFault::AllocatedTwice => &mut self.allocated_twice,
            MemoryFault::FreedTwice => &mut self.freed_twice,
            MemoryFault::UnknownId => &mut self.unknown_id,
            MemoryFault::ZeroBytes => &mut self.zero_bytes,
            MemoryFault::Overflow => &mut self.overflow,
            MemoryFault::TooManyNames => &mut self.too_many_names,
        } += 1;
    }
}
